"""Runs an exported encoder over token ids that a task has made itself, without torch.

Rows are run in batches of one length each, so that nothing is padded: a row's answer is the same in any company.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from tradewind.runtime.bundle import INPUT, MODEL_FILE, OUTPUT
from tradewind.runtime.session import open_session

BATCH_TOKENS: Final = 512


class TokenGraph:
    """The graph of a bundle; one may be shared by several threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._session = open_session(folder / MODEL_FILE, threads)

    def run(self, ids: Sequence[Sequence[int]]) -> list[np.ndarray]:
        """Returns float32 for each row of token ids: its unit vector (d,), or (tokens, d) where the graph does not
        pool."""
        found: list[np.ndarray] = [np.empty(0, np.float32)] * len(ids)
        for rows in _alike(ids):
            outputs = self._session.run([OUTPUT], {INPUT: np.array([ids[row] for row in rows], np.int64)})[0]
            for row, output in zip(rows, outputs, strict=True):
                found[row] = output
        return found


def _alike(ids: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    rows_of: dict[int, list[int]] = defaultdict(list)
    for row, tokens in enumerate(ids):
        rows_of[len(tokens)].append(row)
    for length, rows in sorted(rows_of.items()):
        size = max(1, BATCH_TOKENS // max(length, 1))
        for start in range(0, len(rows), size):
            yield rows[start : start + size]
