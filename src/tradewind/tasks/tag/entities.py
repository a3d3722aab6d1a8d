"""Entities in a text, and the BIO labels that say the same thing unit by unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError

OUTSIDE: Final = 0
"""The number of the label O; kind k begins with 2k + 1 and goes on with 2k + 2."""
Labels = npt.NDArray[np.int64]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """The characters [start, end) of a text and what kind of thing they name."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class TaggedText:
    """A text with its entities, which lie inside it in order and do not overlap."""

    text: str
    entities: tuple[Entity, ...] = ()

    def __post_init__(self) -> None:
        end = 0
        for entity in self.entities:
            if not end <= entity.start < entity.end <= len(self.text):
                raise DataError(f"{entity} does not fit into {self.text!r} or overlaps the one before it")
            end = entity.end

    def named(self) -> list[tuple[str, str]]:
        """Returns the entities as (words of the text, kind)."""
        return [(self.text[entity.start : entity.end], entity.kind) for entity in self.entities]


def kinds_of(texts: Sequence[TaggedText]) -> tuple[str, ...]:
    """Returns the kinds of entities that occur, sorted."""
    return tuple(sorted({entity.kind for text in texts for entity in text.entities}))


def label_names(kinds: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the labels in the order of their numbers: O, B-first, I-first, B-second, …"""
    return ("O", *(f"{side}-{kind}" for kind in kinds for side in "BI"))


def labels_of(text: TaggedText, units: Sequence[Span], kinds: Sequence[str]) -> Labels:
    """Returns int64 (len(units),): the label of each unit of the text, by the entity that its first character is in.

    Raises DataError for a kind that is not among `kinds`.
    """
    at = np.full(len(text.text), OUTSIDE, dtype=np.int64)
    starts = set()
    for number, entity in enumerate(text.entities):
        if entity.kind not in kinds:
            raise DataError(f"unknown kind of entity {entity.kind!r}", hint=f"known: {', '.join(kinds)}")
        at[entity.start : entity.end] = number + 1
        starts.add(number + 1)
    labels = np.full(len(units), OUTSIDE, dtype=np.int64)
    for place, (start, _) in enumerate(units):
        if inside := int(at[start]):
            begins = inside in starts
            starts.discard(inside)
            labels[place] = 2 * kinds.index(text.entities[inside - 1].kind) + (1 if begins else 2)
    return labels


def entities_of(labels: Labels, units: Sequence[Span], kinds: Sequence[str]) -> tuple[Entity, ...]:
    """Returns the entities that `labels` (len(units),) spell; an I without its own B before it begins one."""
    found: list[Entity] = []
    previous = OUTSIDE
    for label, (start, end) in zip(labels.tolist(), units, strict=True):
        if label != OUTSIDE:
            kind = kinds[(label - 1) // 2]
            goes_on = label % 2 == 0 and previous in (label, label - 1)
            begun = found.pop().start if goes_on else start
            found.append(Entity(begun, end, kind))
        previous = label
    return tuple(found)
