"""What a protocol measures: anything that gives a number for every pair of a question and an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.bm25 import Bm25

Role = Literal["query", "passage", "together"]
Encode = Callable[[Sequence[str], Role], npt.NDArray[np.float32]]
"""Texts in a role → unit vectors float32 (n, d)."""
Scorer = Callable[[Sequence[str], Sequence[str]], npt.NDArray[np.floating]]
"""Questions and answers, both texts → scores (questions, answers), higher is better."""


def by_vectors(encode: Encode, role: Role) -> Scorer:
    """Returns the scorer that compares questions in `role` with answers in the role passage, by their dot product."""
    return lambda questions, answers: encode(questions, role) @ encode(answers, "passage").T


def by_words(questions: Sequence[str], answers: Sequence[str]) -> npt.NDArray[np.floating]:
    """Scores by BM25 with the answers as its collection."""
    index = Bm25(answers)
    return np.stack([index.scores(question) for question in questions])


def by_chance(seed: int) -> Scorer:
    """Returns the scorer that draws every score at random, the same for the same seed."""

    def score(questions: Sequence[str], answers: Sequence[str]) -> npt.NDArray[np.floating]:
        return np.random.default_rng(seed).random((len(questions), len(answers)), dtype=np.float32)

    return score


def at_size(encode: Encode, size: int) -> Encode:
    """Returns `encode` with its vectors cut to their first `size` numbers, each at length 1 again."""

    def cut(texts: Sequence[str], role: Role) -> npt.NDArray[np.float32]:
        vectors = encode(texts, role)[:, :size]
        unit: npt.NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return unit

    return cut


def blended(ours: Scorer, theirs: Scorer, share: float) -> Scorer:
    """Returns the scorer share · `ours` + (1 − share) · `theirs`, each brought to mean 0 and deviation 1 per question.

    A side that scores all answers of a question alike says nothing there and leaves the other alone.
    """

    def score(questions: Sequence[str], answers: Sequence[str]) -> npt.NDArray[np.floating]:
        mine, other = (_standardised(side(questions, answers)) for side in (ours, theirs))
        return share * mine + (1.0 - share) * other

    return score


def remembering(encode: Encode) -> Encode:
    """Returns `encode` with a memory of the last call's texts per role: a protocol asks for the same ones again."""
    seen: dict[Role, tuple[tuple[str, ...], npt.NDArray[np.float32]]] = {}

    def recall(texts: Sequence[str], role: Role) -> npt.NDArray[np.float32]:
        asked = tuple(texts)
        if role not in seen or seen[role][0] != asked:
            seen[role] = (asked, encode(texts, role))
        return seen[role][1]

    return recall


def _standardised(scores: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    centred = scores - scores.mean(axis=1, keepdims=True, dtype=np.float64)
    spread = centred.std(axis=1, keepdims=True)
    # Equal scores leave a rounding error behind, which divided by itself would be an opinion.
    said = spread > 1e-9 * np.abs(scores).max(axis=1, keepdims=True, initial=1e-300)
    return np.where(said, centred / np.where(said, spread, 1.0), 0.0)
