"""What every candidate is judged on, and the original's answers to it, which are found once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tradewind.compression.encoder import Encode, Metric, noise_of
from tradewind.compression.gate import Compared
from tradewind.runtime.bundle import Role
from tradewind.tasks.scoring import remembering


@dataclass(frozen=True, slots=True)
class Ground:
    """`questions` are asked of `passages`; nothing was learned or calibrated by a question, while a student may have
    learned a passage, as it learns the catalogue it serves. `metrics` are figures of the shop's own."""

    questions: tuple[str, ...]
    passages: tuple[str, ...]
    metrics: Mapping[str, Metric]

    def answers(self, encode: Encode) -> Answers:
        """Returns what an encoder says to all of it."""
        encode = remembering(encode)
        return Answers(
            encode(self.questions, "query"),
            encode(self.passages, "passage"),
            {name: np.atleast_1d(metric(encode)) for name, metric in self.metrics.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Unit vectors of questions (n, d) and passages (m, d), and each metric's values."""

    questions: np.ndarray
    passages: np.ndarray
    metrics: Mapping[str, np.ndarray]

    def compared(self, small: Answers, sizes: tuple[int, int]) -> Compared:
        """Returns what the gate looks at, `self` being the original: of several metrics the one that lost most.

        `sizes` are bytes, the original's first.
        """
        losses = {name: self._loss(small, name) for name in self.metrics}
        name = max(losses, key=lambda one: losses[one]) if losses else None
        return Compared(
            original_queries=self.questions,
            original_passages=self.passages,
            small_queries=small.questions,
            small_passages=small.passages,
            original_bytes=sizes[0],
            small_bytes=sizes[1],
            original_metric=None if name is None else float(np.nanmean(self.metrics[name])),
            small_metric=None if name is None else float(np.nanmean(small.metrics[name])),
            metric_noise=0.0 if name is None else noise_of(self.metrics[name], small.metrics[name]),
        )

    def _loss(self, small: Answers, name: str) -> float:
        before, after = float(np.nanmean(self.metrics[name])), float(np.nanmean(small.metrics[name]))
        return (before - after - noise_of(self.metrics[name], small.metrics[name])) / abs(before) if before else 0.0


def kept_on_disk(encode: Encode, folder: Path) -> Encode:
    """Returns `encode` with a file in `folder` for the vectors of every list of texts, found there the next time."""

    def recall(texts: Sequence[str], role: Role) -> np.ndarray:
        told = hashlib.sha256("\0".join([role, *texts]).encode("utf-8", "replace")).hexdigest()[:24]
        file = folder / f"{told}.npy"
        if not file.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            fresh = file.with_suffix(".tmp.npy")
            np.save(fresh, encode(texts, role))
            fresh.replace(file)
        vectors: np.ndarray = np.load(file, allow_pickle=False)
        return vectors

    return recall
