"""The linear layers of an exported encoder, in float32 or in 8-bit integers.

In int8 a row of activations (one token) is scaled by its own largest magnitude and multiplied in integers, and the sum
is scaled back, so that a token's result depends on that token alone and never on what else is in the batch. Weights
are scaled per output column, to 7 bits: processors without VNNI add two products in 16 bits, which 8-bit weights would
overflow in silence. docs/adr/0011 has the measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from onnx import TensorProto

from tradewind.compression.graph import MICROSOFT, GraphWriter

ACTIVATION_LEVELS: Final = 127
"""Steps on either side of zero, in unsigned 8 bits around ZERO."""
ZERO: Final = 128
WEIGHT_LEVELS: Final = 63
"""Two products of the largest activation, 255, and the largest weight stay below 2 ** 15."""
TABLE_LEVELS: Final = 127
SMALLEST_SCALE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Rows:
    """Activations made ready to be multiplied: their values, and in int8 the largest magnitude of each row."""

    values: str
    largest: str = ""


class Linear(Protocol):
    """Adds `rows @ weight` to a graph. The bias is left to the node that follows, which can often take it in."""

    def rows(self, graph: GraphWriter, values: str) -> Rows:
        """Prepares activations of shape (texts, tokens, width), once for all the weights that multiply them."""

    def multiply(self, graph: GraphWriter, rows: Rows, weight: np.ndarray, name: str) -> str:
        """Returns the name of the float32 product with `weight` of shape (in, out)."""

    def table(self, graph: GraphWriter, ids: str, table: np.ndarray) -> str:
        """Returns the name of the float32 rows of an embedding `table` that `ids` ask for."""


class FloatLinear:
    """Multiplies in float32."""

    def rows(self, graph: GraphWriter, values: str) -> Rows:
        return Rows(values)

    def multiply(self, graph: GraphWriter, rows: Rows, weight: np.ndarray, name: str) -> str:
        return graph.node("MatMul", [rows.values, graph.constant(name, weight)])

    def table(self, graph: GraphWriter, ids: str, table: np.ndarray) -> str:
        return graph.node("Gather", [graph.constant("words", table), ids], axis=0)


class IntegerLinear:
    """Multiplies in 8-bit integers, with one scale per token and one per output column."""

    def rows(self, graph: GraphWriter, values: str) -> Rows:
        width_axis = graph.constant("axis", np.array([-1], np.int64))
        largest = graph.node("ReduceMax", [graph.node("Abs", [values]), width_axis], keepdims=1)
        stretch = graph.node("Div", [graph.constant("levels", np.float32(ACTIVATION_LEVELS)), largest])
        shifted = graph.node(
            "Add", [graph.node("Mul", [values, stretch]), graph.constant("round", np.float32(ZERO + 0.5))]
        )
        return Rows(graph.node("Cast", [shifted], to=TensorProto.UINT8), largest)

    def multiply(self, graph: GraphWriter, rows: Rows, weight: np.ndarray, name: str) -> str:
        quantised, scale = quantised_along(weight, axis=0, levels=WEIGHT_LEVELS)
        inputs = [
            rows.values,
            graph.constant(name, quantised),
            graph.constant("step", np.float32(1 / ACTIVATION_LEVELS)),
            graph.constant(f"{name}.scale", scale.ravel()),
            graph.constant("zero", np.uint8(ZERO)),
        ]
        product = graph.node("MatMulIntegerToFloat", inputs, domain=MICROSOFT)
        return graph.node("Mul", [product, rows.largest])

    def table(self, graph: GraphWriter, ids: str, table: np.ndarray) -> str:
        quantised, scale = quantised_along(table, axis=1, levels=TABLE_LEVELS)
        words = graph.node("Gather", [graph.constant("words", quantised), ids], axis=0)
        scales = graph.node("Gather", [graph.constant("words.scale", scale), ids], axis=0)
        return graph.node("Mul", [graph.node("Cast", [words], to=TensorProto.FLOAT), scales])


def quantised_along(weight: np.ndarray, axis: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns int8 within ±`levels` and float32 scales with `axis` of length 1; their product is close to `weight`."""
    largest = np.abs(weight).max(axis=axis, keepdims=True)
    scale = np.maximum(largest / levels, SMALLEST_SCALE).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale
