"""Finds what a text claims and the item lacks: colours, materials, features, brands, quantities, model codes."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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
_LONE_SIGN: Final = r"(?:(?<=纯)|(?<=全)|(?<=真)|(?<=用)|(?<=为)|(?<=是)){0}|{0}(?=制|质|料|材|做|色)"
"""A single Chinese character stands in many words; it claims something where it is said to be what a thing is of."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words that claim something: each term (lower case) with the kinds and the other ways to say the same thing."""

    terms: Mapping[str, tuple[tuple[str, frozenset[str]], ...]]
    pattern: re.Pattern[str] = field(compare=False)

    @classmethod
    def of(cls, items: Iterable[Item]) -> Lexicon:
        """Returns the packaged words together with the brands and textual attribute values of a shop's `items`."""
        groups: set[tuple[str, frozenset[str]]] = set(_packaged())
        for item in items:
            groups.update(_of_item(item))
        terms: dict[str, set[tuple[str, frozenset[str]]]] = defaultdict(set)
        for kind, ways in groups:
            for way in ways:
                terms[way].add((kind, ways))
        ordered = {
            term: tuple(sorted(found, key=lambda one: (one[0], sorted(one[1])))) for term, found in terms.items()
        }
        return cls(ordered, _pattern(ordered))


def unsupported(text: str, item: Item, lexicon: Lexicon) -> tuple[Span, ...]:
    """Returns the passages of `text` that claim what `item` does not say, in their order; none for a faithful text.

    A word is borne out when the item's title, category, brand or attributes hold it or the same thing in the other
    language; a quantity when the item names the same one, in whatever unit. A claim in words that no lexicon holds is
    not found.
    """
    own = " ".join([item.title, *item.category, item.brand or "", *item.attributes.values()]).casefold()
    spans = [*_words(text, own, item, lexicon), *_numbers(text, item), *_codes(text, own)]
    return tuple(sorted(spans, key=lambda span: (span.start, span.end)))


def _words(text: str, own: str, item: Item, lexicon: Lexicon) -> Iterator[Span]:
    said = {match.group() for match in lexicon.pattern.finditer(own)} | set(own.split())
    # Signs of a name mean nothing: 木白 is not white.
    facts = " ".join([item.title, *item.category, *item.attributes.values()]).casefold()
    for match in lexicon.pattern.finditer(text.casefold()):
        meanings = lexicon.terms[match.group()]
        if not any(_borne_out(ways, facts, said) for _, ways in meanings):
            yield Span(meanings[0][0], text[match.start() : match.end()], match.start(), match.end())


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
        if not quantity and match.group().casefold().replace(" ", "") not in known:
            yield Span(CODE, match.group(), match.start(), match.end())


def _of_item(item: Item) -> Iterator[tuple[str, frozenset[str]]]:
    named = [(BRAND, item.brand or ""), *item.attributes.items()]
    for kind, value in named:
        ways = {in_language(value, language).casefold().strip() for language in ("zh", "en")} - {""}
        ways = {way for way in ways if not any(sign.isdigit() for sign in way)}
        if ways and all(len(way) > 1 or not way.isascii() for way in ways):
            yield kind, frozenset(ways)


@cache
def _packaged() -> frozenset[tuple[str, frozenset[str]]]:
    raw = tomllib.loads(files("tradewind.tasks.describe").joinpath("words.toml").read_text(encoding="utf-8"))
    return frozenset((kind, frozenset(ways)) for kind, groups in raw.items() for ways in groups)


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """The longest term wins; an English one is a whole word, of which a plural counts as the word."""
    packaged = {way for _, ways in _packaged() for way in ways}
    kept = [term for term in terms if term not in _EVERYDAY or term in packaged]
    parts = [_of_term(term) for term in sorted(kept, key=lambda term: (-len(term), term))]
    return re.compile("|".join(parts) if parts else r"(?!)")


def _of_term(term: str) -> str:
    escaped = re.escape(term)
    if term.isascii():
        return rf"(?<![\w-]){escaped}(?![\w])"
    return _LONE_SIGN.format(escaped) if len(term) == 1 else escaped
