"""What a linear tagger looks at: the units around a unit, the word they lie in, and the entities that texts named.

All clues are strings, and become numbers by a hash, so that a tagger needs no dictionary of them.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import rjieba

from tradewind.tasks.tag.entities import Span, TaggedText
from tradewind.tasks.tag.units import units_of

Clues = list[list[str]]
Reader = Callable[[str, Sequence[Span]], Clues]
"""Gives the clues of every unit of a text."""
_EDGE: Final = "¶"
_LONGEST_NAME: Final = 12


def neighbours(text: str, units: Sequence[Span]) -> Clues:
    """Returns the units up to two places away, alone, in pairs and in threes, and their shapes."""
    held = [_EDGE, _EDGE, *(text[start:end].lower() for start, end in units), _EDGE, _EDGE]
    shapes = [_shape(unit) for unit in held]
    found: Clues = []
    for at in range(2, len(held) - 2):
        a, b, c, d, e = held[at - 2 : at + 3]
        s = shapes[at - 2 : at + 3]
        found.append([f"0{c}", f"1{b}", f"2{d}", f"3{a}", f"4{e}", f"5{b}{c}", f"6{c}{d}", f"7{a}{b}", f"8{d}{e}"])
        found[-1] += [f"9{b}|{d}", f"t{a}{b}{c}", f"u{b}{c}{d}", f"v{c}{d}{e}", f"s{s[2]}"]
        found[-1] += [f"r{''.join(s[1:4])}", f"q{''.join(s)}"]
    return found


def words_around(cut: Callable[[str], Iterable[str]]) -> Reader:
    """Returns a reader of the word that a unit lies in, its place there, and the words beside it, as `cut` parts them.

    The parts that `cut` gives must be the text, whole and in order.
    """

    def read(text: str, units: Sequence[Span]) -> Clues:
        parts = list(cut(text.lower()))
        if sum(map(len, parts)) != len(text):
            parts = list(text.lower())
        ends = np.cumsum([len(part) for part in parts])
        padded = [_EDGE, *parts, _EDGE]
        found: Clues = []
        for start, _ in units:
            word = int(np.searchsorted(ends, start, side="right"))
            before, here, after = padded[word : word + 3]
            place = start - (int(ends[word]) - len(here))
            side = "B" if place == 0 else "E" if place == len(here) - 1 else "M"
            found.append([f"w{side}{here}", f"x{side}{len(here)}", f"y{before}|{here}{side}", f"z{here}{side}|{after}"])
            found[-1] += [f"b{side}{before}", f"a{side}{after}"]
        return found

    return read


READERS: Final[Mapping[str, Reader]] = {"neighbours": neighbours, "words": words_around(rjieba.cut)}
"""The readers that a served tagger may name."""


class Names:
    """The entities that labelled texts named, found again in other texts."""

    def __init__(self, texts: Sequence[TaggedText]) -> None:
        self._titles: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for text in texts:
            for name, kind in text.named():
                self._titles[name.lower()][kind].add(text.text)

    def __call__(self, text: str, units: Sequence[Span]) -> Clues:
        """Returns for each unit the longest name that covers it and the kinds it was given, in other texts than this.

        Without that exception a tagger would learn that a name in the list is always right, which holds only for the
        texts that the list was made from.
        """
        lower = text.lower() if len(text.lower()) == len(text) else text
        found: Clues = [[] for _ in units]
        for first in range(len(units)):
            for last in range(min(first + _LONGEST_NAME, len(units)) - 1, first - 1, -1):
                kinds = self._kinds(lower[units[first][0] : units[last][1]], text)
                if kinds:
                    _mark(found, first, last, kinds)
                    break
        return found

    def _kinds(self, name: str, text: str) -> str:
        named = self._titles.get(name, {})
        return "".join(sorted(kind[:2] for kind, titles in named.items() if len(titles) > (text in titles)))


def hashed(read: Sequence[Reader], text: str, bits: int) -> list[npt.NDArray[np.int64]]:
    """Returns the clues of every unit of `text` as numbers below 2**bits; two clues may share one."""
    units = units_of(text)
    clues = [reader(text, units) for reader in read]
    mask = (1 << bits) - 1
    return [
        np.array([zlib.crc32(clue.encode()) & mask for part in clues for clue in part[place]], dtype=np.int64)
        for place in range(len(units))
    ]


def _mark(found: Clues, first: int, last: int, kinds: str) -> None:
    for place in range(first, last + 1):
        side = "S" if first == last else "B" if place == first else "E" if place == last else "M"
        found[place].append(f"n{side}{kinds}")
        found[place].append(f"m{side}{kinds}{min(last - first, 4)}")


def _shape(unit: str) -> str:
    if unit == _EDGE:
        return _EDGE
    first = unit[0]
    if first.isdigit():
        return "9" if len(unit) < 3 else "8"
    if first.isascii():
        return "a" if first.isalpha() else "p"
    return "c" if first.isalpha() else "p"
