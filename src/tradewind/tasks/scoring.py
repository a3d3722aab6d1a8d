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


def remembering(encode: Encode) -> Encode:
    """Returns `encode` with a memory of the last call's texts per role: a protocol asks for the same ones again."""
    seen: dict[Role, tuple[tuple[str, ...], npt.NDArray[np.float32]]] = {}

    def recall(texts: Sequence[str], role: Role) -> npt.NDArray[np.float32]:
        asked = tuple(texts)
        if role not in seen or seen[role][0] != asked:
            seen[role] = (asked, encode(texts, role))
        return seen[role][1]

    return recall
