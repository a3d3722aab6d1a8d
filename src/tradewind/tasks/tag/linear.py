"""The linear half of a tagger as it is served: weights of clues and a chain over labels, read with numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tradewind.errors import ArtefactError
from tradewind.tasks.tag.clues import READERS, hashed
from tradewind.tasks.tag.mixture import Scores

LINEAR_FILE: Final = "clues.safetensors"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearTagger:
    """`rows` int32 (n,) are the numbers of the clues that weigh anything, sorted, `weights` float16 (n, labels) what
    they weigh, `transitions` float32 (labels + 1, labels) those of the chain, the last row for a text's beginning."""

    readers: tuple[str, ...]
    bits: int
    rows: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float16]
    transitions: npt.NDArray[np.float32]

    def log_probabilities(self, text: str) -> Scores:
        """Returns log p (units, labels) of each unit's label, whatever the others are."""
        clues = hashed([READERS[name] for name in self.readers], text, self.bits)
        if not clues:
            return np.zeros((0, self.weights.shape[1]))
        return marginals(self._scores(clues), self.transitions.astype(np.float64))

    def _scores(self, clues: Sequence[npt.NDArray[np.int64]]) -> Floats:
        flat = np.concatenate(list(clues))
        unit = np.repeat(np.arange(len(clues)), [len(one) for one in clues])
        place = np.minimum(np.searchsorted(self.rows, flat), max(len(self.rows) - 1, 0))
        known = self.rows[place] == flat if len(self.rows) else np.zeros(len(flat), bool)
        scores = np.zeros((len(clues), self.weights.shape[1]))
        np.add.at(scores, unit[known], self.weights[place[known]].astype(np.float64))
        return scores

    def save(self, folder: Path) -> None:
        """Writes it into `folder`."""
        parts: dict[str, npt.NDArray[Any]] = {"rows": self.rows, "weights": self.weights}
        parts["transitions"] = self.transitions
        save_file(parts, folder / LINEAR_FILE, {"readers": ",".join(self.readers), "bits": str(self.bits)})


def load_linear(folder: Path, readers: Sequence[str], bits: int, labels: int) -> LinearTagger:
    """Returns what `save` wrote. Raises ArtefactError when it is missing, or of another shape or another reader."""
    path = folder / LINEAR_FILE
    try:
        found = load_file(path)
        rows, weights, transitions = (found[name] for name in ("rows", "weights", "transitions"))
    except (OSError, KeyError, SafetensorError) as error:
        raise ArtefactError(f"not a linear tagger: {error}", where=str(path)) from None
    unknown = [name for name in readers if name not in READERS]
    if weights.shape != (len(rows), labels) or transitions.shape != (labels + 1, labels) or unknown:
        raise ArtefactError(f"a linear tagger of {weights.shape} does not fit {labels} labels", where=str(path))
    return LinearTagger(tuple(readers), bits, rows, weights, transitions)


def marginals(scores: Floats, transitions: Floats) -> Scores:
    """Returns log p of each label at each unit (units, labels), over all sequences of the others, by the forward and
    backward sums of a linear chain (Lafferty, McCallum and Pereira, ICML 2001)."""
    moves = transitions[:-1]
    ahead = np.empty_like(scores)
    behind = np.zeros_like(scores)
    ahead[0] = scores[0] + transitions[-1]
    for place in range(1, len(scores)):
        ahead[place] = _log_sum(ahead[place - 1][:, None] + moves, 0) + scores[place]
    for place in range(len(scores) - 1, 0, -1):
        behind[place - 1] = _log_sum(moves + (scores[place] + behind[place])[None, :], 1)
    both = ahead + behind
    return np.asarray(both - _log_sum(both, 1)[:, None])


def _log_sum(values: Floats, axis: int) -> Floats:
    most = values.max(axis=axis)
    shifted = np.exp(values - np.expand_dims(most, axis)).sum(axis=axis)
    return np.asarray(most + np.log(shifted))
