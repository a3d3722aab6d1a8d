"""Linear layers in 8-bit integers whose activations are scaled by what calibration saw: static int8.

One scale serves a whole layer, known before the first query, so that a single node quantises where dynamic int8 needs
six. A few channels of an encoder are tens of times larger than the rest and would take all the steps; each channel is
therefore divided by a factor that its row of the weight takes over, which leaves the product the same.
Xiao et al., "SmoothQuant: Accurate and Efficient Post-Training Quantization for Large Language Models" (2023), eq. 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from tradewind.compression.calibration import Calibration
from tradewind.compression.graph import MICROSOFT, GraphWriter
from tradewind.compression.linear import (
    ACTIVATION_LEVELS,
    WEIGHT_LEVELS,
    ZERO,
    Dense,
    IntegerLinear,
    Product,
    quantised_along,
)

MIGRATION: Final = 0.7
"""The share of a channel's size that its weight takes over; .5 to .8 were measured, docs/adr/0013."""
SMALLEST: Final = 1e-6
FLAT: Final = 1e-3
"""Factors so near to one are left out of the graph."""


@dataclass(frozen=True, slots=True, eq=False)
class StaticLayer:
    """A layer in integers: the factor of each channel, the step of its activations, int8 weights and their scales."""

    factor: np.ndarray
    step: np.float32
    weight: np.ndarray
    scale: np.ndarray


class CalibratedLinear(IntegerLinear):
    """Multiplies in 8-bit integers, with one scale per layer and one per output column.

    An activation beyond what calibration saw is cut off there; each is quantised by itself, so that no text depends on
    another. Raises KeyError for a layer that was not calibrated.
    """

    def __init__(self, calibration: Calibration) -> None:
        self._largest = calibration.largest

    def multiply(self, graph: GraphWriter, values: str, layer: Dense) -> Product:
        static = static_layer(self._largest[layer.name], layer.weight)
        inputs = [
            _quantised(graph, values, static),
            graph.constant(layer.name, static.weight),
            graph.constant("step", static.step),
            graph.constant(f"{layer.name}.scale", static.scale),
            graph.constant("zero", np.uint8(ZERO)),
            "",
            graph.constant(f"{layer.name}.bias", layer.bias),
        ]
        return Product(graph.node("MatMulIntegerToFloat", inputs, domain=MICROSOFT))

    def attend(self, graph: GraphWriter, values: str, layer: Dense, heads: int) -> str:
        """One node: it multiplies head by head, and needs neither the split nor the copies that put heads together."""
        static = static_layer(self._largest[layer.name], layer.weight)
        inputs = [
            _quantised(graph, values, static),
            graph.constant(layer.name, static.weight),
            graph.constant(f"{layer.name}.bias", layer.bias),
            graph.constant("step", static.step),
            graph.constant(f"{layer.name}.scale", static.scale),
            "",
            graph.constant("zero", np.uint8(ZERO)),
        ]
        return graph.node("QAttention", inputs, domain=MICROSOFT, num_heads=heads)


def factors(largest: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Returns what each channel is divided by, float32 (in,), so that neither it nor its row of `weight` stands out.

    `largest` is the largest magnitude of each channel, `weight` (in, out).
    """
    own, rows = np.maximum(largest, SMALLEST), np.maximum(np.abs(weight).max(axis=1), SMALLEST)
    return np.asarray(own**MIGRATION / rows ** (1 - MIGRATION), dtype=np.float32)


def folded(
    tensors: Mapping[str, np.ndarray], calibration: Calibration, layers: int
) -> tuple[dict[str, np.ndarray], Calibration]:
    """Returns an encoder that answers the same, and its calibration, in which what attention gives is even already.

    Attention's output is a mean of value vectors, channel by channel, so the factors of the layer that reads it move
    into the value layer without a node in the graph. `tensors` have their plain BERT names.
    """
    tensors, largest = dict(tensors), dict(calibration.largest)
    for layer in range(layers):
        values, reader = (f"encoder.layer.{layer}.attention.{part}" for part in ("self.value", "output.dense"))
        factor = factors(largest[reader], tensors[f"{reader}.weight"].T)
        tensors[f"{values}.weight"] = tensors[f"{values}.weight"] / factor[:, None]
        tensors[f"{values}.bias"] = tensors[f"{values}.bias"] / factor
        tensors[f"{reader}.weight"] = tensors[f"{reader}.weight"] * factor
        largest[reader] = largest[reader] / factor
    return tensors, Calibration(largest)


def static_layer(largest: np.ndarray, weight: np.ndarray) -> StaticLayer:
    factor = factors(largest, weight)
    if np.abs(factor - 1.0).max() < FLAT:
        factor = np.ones_like(factor)
    quantised, scale = quantised_along(weight * factor[:, None], axis=0, levels=WEIGHT_LEVELS)
    step = np.float32(max((largest / factor).max() / ACTIVATION_LEVELS, SMALLEST))
    return StaticLayer(factor, step, quantised, scale.ravel())


def _quantised(graph: GraphWriter, values: str, static: StaticLayer) -> str:
    if (static.factor != 1.0).any():
        values = graph.node("Mul", [values, graph.constant("even", 1.0 / static.factor)])
    return graph.node(
        "QuantizeLinear", [values, graph.constant("step", static.step), graph.constant("zero", np.uint8(ZERO))]
    )
