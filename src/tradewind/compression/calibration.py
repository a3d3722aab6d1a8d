"""How large the activations of an encoder get: its fp32 graph is run over texts and watched at each linear layer."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from tradewind.compression.bert import BertGraph
from tradewind.compression.graph import GraphWriter
from tradewind.compression.linear import Dense, FloatLinear, IntegerLinear, Product
from tradewind.models.checkpoint import EncoderWeights
from tradewind.runtime.bundle import INPUT, MODEL_FILE
from tradewind.runtime.session import open_session

LEAST_SHARE: Final = 1e-3
"""A channel that no text moved is taken for so much of the layer's largest: it may yet move."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The largest magnitude of every channel that a linear layer reads: float32 (in,) by the layer's name."""

    largest: Mapping[str, np.ndarray]


class WatchedLinear(FloatLinear):
    """Multiplies in float32, and gives the graph one more output a layer: `watched` maps the layer's name to it."""

    def __init__(self) -> None:
        self.watched: dict[str, str] = {}

    def multiply(self, graph: GraphWriter, values: str, layer: Dense) -> Product:
        axes = graph.constant("axes", np.array([0, 1], np.int64))
        largest = graph.node("ReduceMax", [graph.node("Abs", [values]), axes], keepdims=0)
        self.watched[layer.name] = graph.output(f"largest.{layer.name}", largest, [len(layer.weight)])
        return super().multiply(graph, values, layer)

    def table(self, graph: GraphWriter, ids: str, table: np.ndarray) -> str:
        """In bytes, as the exported encoder reads it: in float32 it would be most of the file."""
        return IntegerLinear().table(graph, ids, table)


def calibrate(weights: EncoderWeights, tokens: Sequence[Sequence[int]]) -> Calibration:
    """Returns what the linear layers of an encoder read when it is given the texts of `tokens`, token ids of each.

    Texts are run one by one on one thread: the same texts always give the same figures.
    Raises ModelError when the architecture cannot be exported.
    """
    linear = WatchedLinear()
    with tempfile.TemporaryDirectory(prefix="tradewind-calibration-") as folder:
        model = Path(folder) / MODEL_FILE
        BertGraph(weights.tensors, weights.config, linear).save(model)
        largest = _largest(open_session(model, threads=1), list(linear.watched.values()), tokens)
    return Calibration({name: _floored(row) for name, row in zip(linear.watched, largest, strict=True)})


def _largest(session: Any, outputs: Sequence[str], tokens: Sequence[Sequence[int]]) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    for ids in tokens:
        seen = session.run(outputs, {INPUT: np.asarray([ids], np.int64)})
        found = [np.maximum(*pair) for pair in zip(found, seen, strict=True)] if found else seen
    return found


def _floored(row: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(row, LEAST_SHARE * row.max()), dtype=np.float32)
