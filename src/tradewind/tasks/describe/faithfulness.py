"""Finds what a text claims and the item lacks: colours, materials, features, brands, quantities, model codes."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from tradewind.data.records import Item
from tradewind.tasks.describe.brief import in_language
from tradewind.tasks.describe.quantities import quantities
from tradewind.tasks.describe.spans import Span

NUMBER: Final = "number"
CODE: Final = "code"
BRAND: Final = "brand"
_CODE: Final = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z][\w-]*\d[\w-]*|(?<![\w-])\d+[A-Z][\w-]*")
_EVERYDAY: Final = frozenset({"down", "clear", "hot", "plain", "multi", "warm", "light", "black", "green", "milk"})
"""English words that the catalogue's values hold and that are also said without claiming anything; two of them are
colours besides, which the packaged words keep."""
_BEFORE_A_LONE_SIGN: Final = frozenset("纯全真用为是")
_AFTER_A_LONE_SIGN: Final = frozenset("制质料材做色")
"""A single Chinese character stands in many words; it claims something where it is said to be what a thing is of."""
_LONGEST_TERM: Final = 40


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that claim something: each term (lower case) with the kinds and the other ways to say the same thing."""

    terms: Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
    longest: int

    @classmethod
    def of(cls, items: Iterable[Item]) -> Lexicon:
        """Returns the packaged words together with the brands and textual attribute values of a shop's `items`."""
        packaged = _packaged()
        common = _EVERYDAY - {way for _, ways in packaged for way in ways}
        terms: dict[str, set[tuple[str, frozenset[str]]]] = defaultdict(set)
        for kind, ways in {*packaged, *(group for item in items for group in _of_item(item))}:
            for way in ways - common:
                terms[way].add((kind, ways))
        ordered = {
            term: tuple(sorted(found, key=lambda one: (one[0], sorted(one[1])))) for term, found in terms.items()
        }
        return cls(ordered, max(map(len, ordered), default=0))

    def found_in(self, text: str) -> Iterator[tuple[int, int]]:
        """Yields where terms stand in `text` (lower case), the longest that begins at a place, none within another.

        The time goes by the text's length and not by the number of terms.
        """
        place = 0
        while place < len(text):
            end = self._end_of_term(text, place)
            if end:
                yield place, end
            place = end or place + 1

    def _end_of_term(self, text: str, start: int) -> int:
        for end in range(min(start + self.longest, len(text)), start, -1):
            if text[start:end] in self.terms and _is_said(text, start, end):
                return end
        return 0


def unsupported(text: str, item: Item, lexicon: Lexicon) -> tuple[Span, ...]:
    """Returns the passages of `text` that claim what `item` does not say, in their order; none for a faithful text.

    A word is borne out when the item's title, category, brand or attributes hold it or the same thing in the other
    language; a quantity when the item names the same one, in whatever unit. A claim in words that no lexicon holds is
    not found.
    """
    own = " ".join([item.title, *item.category, item.brand or "", *item.attributes.values()]).lower()
    spans = [*_words(text, own, item, lexicon), *_numbers(text, item), *_codes(text, own)]
    return tuple(sorted(spans, key=lambda span: (span.start, span.end)))


def _words(text: str, own: str, item: Item, lexicon: Lexicon) -> Iterator[Span]:
    said = {own[start:end] for start, end in lexicon.found_in(own)} | set(own.split())
    # Signs of a name mean nothing: 木白 is not white.
    facts = " ".join([item.title, *item.category, *item.attributes.values()]).lower()
    lowered = _lowered(text)
    for start, end in lexicon.found_in(lowered):
        meanings = lexicon.terms[lowered[start:end]]
        if not any(_borne_out(ways, facts, said) for _, ways in meanings):
            yield Span(meanings[0][0], text[start:end], start, end)


def _borne_out(ways: frozenset[str], facts: str, said: set[str]) -> bool:
    return any(way in said or (not way.isascii() and way in facts) for way in ways)


def _numbers(text: str, item: Item) -> Iterator[Span]:
    named = [*quantities(item.title), *(one for value in item.attributes.values() for one in quantities(value))]
    measures = {one.measure for one in named}
    values = {one.value for one in named if one.kind is None}
    if item.price is not None:
        measures.add(("money", round(item.price, 4)))
    for one in quantities(text):
        bare = one.kind is None and (one.value in values | {1.0} or any(one.text == other.text for other in named))
        if not bare and one.measure not in measures:
            yield Span(NUMBER, one.text, one.start, one.start + len(one.text))


def _codes(text: str, own: str) -> Iterator[Span]:
    known = own.replace(" ", "")
    for match in _CODE.finditer(text):
        quantity = quantities(match.group())
        if not quantity and match.group().lower().replace(" ", "") not in known:
            yield Span(CODE, match.group(), match.start(), match.end())


def _of_item(item: Item) -> Iterator[tuple[str, frozenset[str]]]:
    named = [(BRAND, item.brand or ""), *item.attributes.items()]
    for kind, value in named:
        ways = {in_language(value, language).lower().strip() for language in ("zh", "en")} - {""}
        ways = {way for way in ways if not any(sign.isdigit() for sign in way)}
        if ways and all(len(way) <= _LONGEST_TERM and (len(way) > 1 or not way.isascii()) for way in ways):
            yield kind, frozenset(ways)


@cache
def _packaged() -> frozenset[tuple[str, frozenset[str]]]:
    raw = tomllib.loads(files("tradewind.tasks.describe").joinpath("words.toml").read_text(encoding="utf-8"))
    return frozenset((kind, frozenset(ways)) for kind, groups in raw.items() for ways in groups)


def _is_said(text: str, start: int, end: int) -> bool:
    """Returns whether the term is a word by itself there, and not a piece of another."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if text[start:end].isascii():
        return not (_is_latin(before) or before == "-" or _is_latin(after))
    return end - start > 1 or before in _BEFORE_A_LONE_SIGN or after in _AFTER_A_LONE_SIGN


def _lowered(text: str) -> str:
    """Returns `text` in lower case, every character at its place: a few become two otherwise."""
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def _is_latin(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()
