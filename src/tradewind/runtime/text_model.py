"""Runs an exported estimator: an encoder bundle and a linear head over the text's vector, without torch.

The bundle is an encoder's bundle (runtime/bundle.py) with `head.safetensors` (`weight` float32 (outputs, dimension),
`bias` float32 (outputs,)) and `estimator.json`, what the task's reader needs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tradewind.errors import ArtefactError
from tradewind.runtime.bundle import HEAD_FILE
from tradewind.runtime.head import read_head
from tradewind.runtime.opening import open_encoder

ESTIMATOR_FILE: Final = "estimator.json"


class OnnxTextModel:
    """An exported estimator over whole texts; it may be shared by several threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._encoder = open_encoder(folder, threads)
        self._weight, self._bias = read_head(folder / HEAD_FILE, self._encoder.dimension)
        self.config = read_config(folder / ESTIMATOR_FILE)

    def outputs(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Returns float32 (outputs,) for each text, each independent of the other texts."""
        return self.read(self.vectors(texts))

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Returns the unit vectors (n, dimension) that the head reads."""
        return self._encoder.encode(texts, "passage")

    def read(self, vectors: np.ndarray) -> list[np.ndarray]:
        """Returns float32 (outputs,) for each of `vectors` (n, dimension)."""
        return [np.asarray(self._weight @ vector + self._bias, np.float32) for vector in vectors]


def read_config(path: Path) -> dict[str, Any]:
    """Returns what the task's reader needs. Raises ArtefactError when the file is none of an estimator."""
    try:
        config = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ArtefactError(f"not an estimator: {error}", where=str(path)) from None
    if not isinstance(config, dict) or not isinstance(config.get("task"), str):
        raise ArtefactError("not an estimator: it names no task", where=str(path))
    return config
