"""Precision, recall and F1 of whole entities: an entity counts when its offsets and its kind are both right."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EntityCounts:
    """How many entities are right, how many were found and how many there are."""

    right: int
    found: int
    there: int

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 0 when nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """The share of what is there that was found; 0 when nothing is there."""
        return self.right / self.there if self.there else 0.0

    @property
    def f1(self) -> float:
        """2·right / (found + there): micro-averaged F1 as at CoNLL-2003 (Tjong Kim Sang and De Meulder)."""
        both = self.found + self.there
        return 2 * self.right / both if both else 0.0


def entity_counts(truth: Sequence[Iterable[Hashable]], predicted: Sequence[Iterable[Hashable]]) -> EntityCounts:
    """Returns the counts over all texts; raises ValueError when there are not as many predictions as texts."""
    right = found = there = 0
    for real, guessed in zip(truth, predicted, strict=True):
        wanted, given = set(real), set(guessed)
        right += len(wanted & given)
        found += len(given)
        there += len(wanted)
    return EntityCounts(right, found, there)


def entity_f1(truth: Sequence[Iterable[Hashable]], predicted: Sequence[Iterable[Hashable]]) -> float:
    """Returns the F1 of `entity_counts`, in [0, 1]."""
    return entity_counts(truth, predicted).f1
