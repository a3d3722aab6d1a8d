"""The linear layers of an exported encoder, in float32 or in 8-bit integers.

In dynamic int8 a row of activations (one token) is scaled by its own largest magnitude and multiplied in integers, and
the sum is scaled back, so that a token's result depends on that token alone and never on what else is in the batch.
Weights are scaled per output column, to 7 bits: processors without VNNI add two products in 16 bits, which 8-bit
weights would overflow in silence. docs/adr/0011 has the measurements; compression/calibrated.py has the static form.
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


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """One linear layer: `weight` (in, out) and `bias` (out,), float32."""

    name: str
    weight: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True, slots=True)
class Product:
    """The float32 values a layer gives, and the bias that the next node has yet to add: empty when it is in them."""

    values: str
    bias: str = ""


class Linear(Protocol):
    """Adds the layers of an encoder to a graph. Activations have shape (texts, tokens, width)."""

    def multiply(self, graph: GraphWriter, values: str, layer: Dense) -> Product:
        """Returns what `layer` gives for `values`."""

    def attend(self, graph: GraphWriter, values: str, layer: Dense, heads: int) -> str:
        """Returns what self-attention gives, before its output layer; `layer` is query, key and value side by side."""

    def table(self, graph: GraphWriter, ids: str, table: np.ndarray) -> str:
        """Returns the name of the float32 rows of an embedding `table` that `ids` ask for."""


class FloatLinear:
    """Multiplies in float32."""

    def multiply(self, graph: GraphWriter, values: str, layer: Dense) -> Product:
        product = graph.node("MatMul", [values, graph.constant(layer.name, layer.weight)])
        return Product(product, graph.constant(f"{layer.name}.bias", layer.bias))

    def attend(self, graph: GraphWriter, values: str, layer: Dense, heads: int) -> str:
        return attention(graph, self.multiply(graph, values, layer), heads)

    def table(self, graph: GraphWriter, ids: str, table: np.ndarray) -> str:
        return graph.node("Gather", [graph.constant("words", table), ids], axis=0)


class IntegerLinear:
    """Multiplies in 8-bit integers, with one scale per token and one per output column."""

    def multiply(self, graph: GraphWriter, values: str, layer: Dense) -> Product:
        width_axis = graph.constant("axis", np.array([-1], np.int64))
        largest = graph.node("ReduceMax", [graph.node("Abs", [values]), width_axis], keepdims=1)
        stretch = graph.node("Div", [graph.constant("levels", np.float32(ACTIVATION_LEVELS)), largest])
        half_up = graph.constant("round", np.float32(ZERO + 0.5))
        shifted = graph.node("Add", [graph.node("Mul", [values, stretch]), half_up])
        quantised, scale = quantised_along(layer.weight, axis=0, levels=WEIGHT_LEVELS)
        inputs = [
            graph.node("Cast", [shifted], to=TensorProto.UINT8),
            graph.constant(layer.name, quantised),
            graph.constant("step", np.float32(1 / ACTIVATION_LEVELS)),
            graph.constant(f"{layer.name}.scale", scale.ravel()),
            graph.constant("zero", np.uint8(ZERO)),
        ]
        product = graph.node("MatMulIntegerToFloat", inputs, domain=MICROSOFT)
        return Product(graph.node("Mul", [product, largest]), graph.constant(f"{layer.name}.bias", layer.bias))

    def attend(self, graph: GraphWriter, values: str, layer: Dense, heads: int) -> str:
        return attention(graph, self.multiply(graph, values, layer), heads)

    def table(self, graph: GraphWriter, ids: str, table: np.ndarray) -> str:
        quantised, scale = quantised_along(table, axis=1, levels=TABLE_LEVELS)
        words = graph.node("Gather", [graph.constant("words", quantised), ids], axis=0)
        scales = graph.node("Gather", [graph.constant("words.scale", scale), ids], axis=0)
        return graph.node("Mul", [graph.node("Cast", [words], to=TensorProto.FLOAT), scales])


def attention(graph: GraphWriter, product: Product, heads: int) -> str:
    """Returns what attention over `product`, query, key and value side by side, gives."""
    split = graph.nodes("Split", [product.values], 3, axis=2, num_outputs=3)
    inputs = [*split, product.bias] if product.bias else split
    return graph.node("MultiHeadAttention", inputs, domain=MICROSOFT, num_heads=heads)


def quantised_along(weight: np.ndarray, axis: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns int8 within ±`levels` and float32 scales with `axis` of length 1; their product is close to `weight`."""
    largest = np.abs(weight).max(axis=axis, keepdims=True)
    scale = np.maximum(largest / levels, SMALLEST_SCALE).astype(np.float32)
    return np.rint(weight / scale).astype(np.int8), scale
