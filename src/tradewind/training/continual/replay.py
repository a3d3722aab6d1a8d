"""Replay: a part of what was learned before is learned again with what is new, so that it is not forgotten."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def replayed(old: Rows, labels: Sequence[str], new: int, share: float, seed: int) -> Rows:
    """Returns the rows of `old` that are learned again beside `new` rows, so that they are `share` of both together.

    `labels` are those of `old`, in order. Labels take turns, so that each has as many rows as any other until its own
    are used up: a rare label is what is forgotten first. There may be fewer rows than the share asks for; none twice.
    The same seed gives the same rows.
    """
    wanted = min(len(old), round(new * share / (1.0 - share)))
    random = np.random.default_rng(seed)
    turns: list[tuple[int, float, int]] = []
    given = np.asarray(labels, dtype=object)
    for label in sorted(set(labels)):
        members = random.permutation(np.flatnonzero(given == label))
        turns += [(turn, float(random.random()), int(place)) for turn, place in enumerate(members)]
    return np.sort(old[[place for _, _, place in sorted(turns)[:wanted]]]).astype(np.int64)
