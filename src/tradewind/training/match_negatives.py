"""Finds the hard negatives of a run of `match` by the vectors of the encoder as it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.settings import NegativeSettings
from tradewind.tasks.hard_negatives import NONE, Grounds, Sought, mined, siblings
from tradewind.tasks.match import Pairs
from tradewind.tasks.scoring import Encode, Role
from tradewind.training.match_examples import MatchExamples

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_AT_ONCE: Final = 512


@dataclass(frozen=True, slots=True)
class Hard:
    """Numbers into `texts` by the role of the pairs: (pairs, k), NONE where a pair has fewer."""

    texts: tuple[str, ...]
    of: Mapping[str, Rows]

    def batch(self, role: str, rows: Rows) -> tuple[list[str], Rows]:
        """Returns the distinct negatives of these pairs, and (rows, k) places among them."""
        numbers, places = np.unique(self.of[role][rows], return_inverse=True)
        places = places.reshape(len(rows), -1)
        none = int(len(numbers) > 0 and numbers[0] == NONE)
        return [self.texts[number] for number in numbers[none:]], places - none


def hard_negatives(
    examples: MatchExamples, pool: Rows, wanted: NegativeSettings, encode: Encode, seed: int
) -> Hard | None:
    """Returns what each pair should tell apart: `mined` columns first, then `siblings`.

    `pool` are the text numbers that may be taken: what the run reads anyway. None where the examples have no grounds.
    """
    catalogue, given = examples.validation.catalogue, examples.grounds
    if given is None:
        return None
    number = {text: place for place, text in enumerate(catalogue.texts)}
    passages = encode([catalogue.texts[place] for place in pool], "passage")
    found: dict[str, Rows] = {}
    for pairs in (examples.together, examples.phrases):
        sought = _sought(pairs, number)
        near = _mined(given, (pairs, sought), (pool, passages), wanted, encode)
        beside = siblings(_within(given, pool), sought, wanted.siblings, seed)
        found[pairs.role] = np.hstack([near, beside])
    return Hard(catalogue.texts, found)


def _sought(pairs: Pairs, number: Mapping[str, int]) -> Sought:
    right = np.array([number[text] for text in pairs.passages], dtype=np.int64)
    if pairs.role != "together":
        return Sought(np.full(len(right), NONE), right)
    return Sought(np.array([number[text] for text in pairs.anchors], dtype=np.int64), right)


def _mined(
    given: Grounds,
    asked: tuple[Pairs, Sought],
    ranked: tuple[Rows, Floats],
    wanted: NegativeSettings,
    encode: Encode,
) -> Rows:
    """Things bought together are compared as things, so their anchors are read as passages."""
    (pairs, sought), (pool, passages) = asked, ranked
    if not wanted.mined or not len(pairs):
        return np.zeros((len(pairs), 0), dtype=np.int64)
    role: Role = "passage" if pairs.role == "together" else "query"
    texts, which = np.unique(np.array(pairs.anchors, dtype=object), return_inverse=True)
    anchors, centred = _centred(encode(list(texts), role)), _centred(passages)
    parts = []
    for start in range(0, len(pairs), _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        nearness = np.full((len(which[rows]), len(given.kind)), np.nan, dtype=np.float32)
        nearness[:, pool] = anchors[which[rows]] @ centred.T
        part = Sought(sought.anchor[rows], sought.right[rows])
        parts.append(mined(given, part, nearness, wanted.mined, wanted.ratio))
    return np.concatenate(parts)


def _centred(vectors: Floats) -> Floats:
    """A pretrained encoder's vectors lie in a narrow cone, where all cosines are high and their ratios say nothing."""
    moved = vectors - vectors.mean(axis=0)
    lengths = np.linalg.norm(moved, axis=1, keepdims=True)
    unit: Floats = (moved / np.maximum(lengths, 1e-9)).astype(np.float32)
    return unit


def _within(given: Grounds, pool: Rows) -> Grounds:
    """Returns the grounds on which only texts of the pool have a family to be drawn from."""
    family = np.full_like(given.parent, NONE)
    family[pool] = given.parent[pool]
    return Grounds(given.kind, family, given.shared, given.baskets)
