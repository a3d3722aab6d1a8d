"""What a label is given to: a run of letters, a run of digits, or one character of anything else.

A Chinese character is a unit of its own, since an entity may begin at any; a Latin word or a number is whole, and
apart where they touch ("30克", "iPhone7" → "iPhone", "7"). Units carry offsets into the text as it was given, so
full-width forms and spaces need no way back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tradewind.tasks.tag.entities import Entity, Span, TaggedText

_UNIT: Final = re.compile(r"[A-Za-zÀ-ɏ]+|[0-9]+|[０-９]+|[Ａ-Ｚａ-ｚ]+|\S")


def units_of(text: str) -> list[Span]:
    """Returns [start, end) of the units of `text` in their order; white space belongs to none."""
    return [found.span() for found in _UNIT.finditer(text)]


def windows_of(text: str, longest: int) -> list[Span]:
    """Returns [start, end) of the parts of `text`, each of at most `longest` units, cut where white space or
    punctuation stands in the later half of a part when there is any."""
    units = units_of(text)
    parts: list[Span] = []
    first = 0
    while first < len(units):
        last = min(first + longest, len(units))
        if last < len(units):
            last = natural_end(text, units, first, last)
        parts.append((units[first][0], units[last - 1][1]))
        first = last
    return parts


def in_windows(text: TaggedText, longest: int) -> list[TaggedText]:
    """Returns the parts of a text, each of at most `longest` units; an entity that a cut would part is left out."""
    return [
        TaggedText(text.text[start:end], tuple(moved(text.entities, -start, end - start)))
        for start, end in windows_of(text.text, longest)
    ]


def moved(entities: Sequence[Entity], by: int, length: int) -> list[Entity]:
    """Returns the entities with `by` added to their offsets, as far as they then lie in [0, length)."""
    shifted = [Entity(entity.start + by, entity.end + by, entity.kind) for entity in entities]
    return [entity for entity in shifted if entity.start >= 0 and entity.end <= length]


def natural_end(text: str, units: Sequence[Span], first: int, last: int) -> int:
    """Returns the end of a part of `text` that begins with unit `first`: `last`, or before it, in the later half, a
    place behind white space or punctuation. `last` lies before the text's end."""
    for place in range(last, (first + last) // 2, -1):
        end, after = units[place - 1][1], units[place][0]
        if after > end or not text[end - 1].isalnum():
            return place
    return last
