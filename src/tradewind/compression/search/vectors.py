"""How an index may hold the vectors of an encoder: what each way takes, and what of the exact order is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tradewind.evaluation.agreement import first_overlap
from tradewind.runtime.encoder import cut

TEN, HUNDRED = 10, 100
RESCORED: Final = 4
"""So many times the vectors asked for are found by their bits and put in order by their bytes."""
_BITS: Final = np.array([number.bit_count() for number in range(256)], np.uint8)


@dataclass(frozen=True, slots=True)
class Holding:
    """One way: `scanned` bytes a vector are read to find, `stored` bytes a vector lie on disk. `ten` and `hundred` are
    the shares of the exact first ten and hundred that are found."""

    way: str
    dimension: int
    scanned: float
    stored: float
    ten: float
    hundred: float


def holdings(questions: np.ndarray, passages: np.ndarray, dimensions: Sequence[int]) -> list[Holding]:
    """Returns each way at each of `dimensions` for unit vectors of questions (n, d) and passages (m, d).

    The exact order is that of the whole vectors in float32.
    """
    exact = questions @ passages.T
    found: list[Holding] = []
    for dimension in dimensions:
        asked, held = cut(questions, dimension), cut(passages, dimension)
        for way, (scanned, stored, score) in WAYS.items():
            shares = [first_overlap(exact, score(asked, held, k), k) for k in (TEN, HUNDRED)]
            found.append(Holding(way, dimension, scanned * dimension, stored * dimension, *shares))
    return found


def by_bits(asked: np.ndarray, held: np.ndarray, k: int) -> np.ndarray:
    """Returns minus the number of signs in which each pair differs, float32 (n, m)."""
    ours, theirs = (np.packbits(vectors > 0, axis=1) for vectors in (asked, held))
    return -np.stack([_BITS[row ^ theirs].sum(axis=1, dtype=np.int32) for row in ours]).astype(np.float32)


def by_bytes(asked: np.ndarray, held: np.ndarray, k: int) -> np.ndarray:
    """Returns the products of whole questions with passages in one byte a number, each at a scale of its own."""
    peaks = np.maximum(np.abs(held).max(axis=1, keepdims=True), 1e-12)
    codes = np.rint(held * (127.0 / peaks))
    lengths = np.sqrt((codes * codes).sum(axis=1, keepdims=True))
    return np.asarray(asked @ (codes / np.maximum(lengths, 1e-12)).T, np.float32)


def by_bits_then_bytes(asked: np.ndarray, held: np.ndarray, k: int) -> np.ndarray:
    """Returns the products of bytes for the RESCORED · `k` passages that are nearest by bits, less than all for others.

    Yamada, Asai and Hajishirzi, "Efficient Passage Retrieval with Hashing for Open-domain QA" (ACL 2021), section 3.
    """
    bits, scores = by_bits(asked, held, k), by_bytes(asked, held, k)
    near = np.argsort(-bits, axis=1, kind="stable")[:, : RESCORED * k]
    found = np.full_like(scores, -2.0)
    np.put_along_axis(found, near, np.take_along_axis(scores, near, axis=1), axis=1)
    return found


def _whole(asked: np.ndarray, held: np.ndarray, k: int) -> np.ndarray:
    return np.asarray(asked @ held.T)


Score = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
WAYS: Final[dict[str, tuple[float, float, Score]]] = {
    "float32": (4.0, 4.0, _whole),
    "int8": (1.0, 1.0, by_bytes),
    "binary, int8 rescoring": (0.125, 1.125, by_bits_then_bytes),
    "binary": (0.125, 0.125, by_bits),
}
"""Bytes a number that are read to find, bytes a number on disk, and how questions and passages are compared."""
