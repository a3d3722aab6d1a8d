"""Linear layers in calibrated 8-bit integers, said in standard operators: quantise, dequantise, multiply.

ONNX Runtime's own integer operators mean nothing to other runtimes. OpenVINO reads a product between two dequantised
sides, fuses the three nodes into one product of integers, and keeps numbers in 8 bits between layers where it can.
Scales and factors are those of compression/calibrated.py, so the vectors differ from its by the order of additions.
"""

from __future__ import annotations

import numpy as np

from tradewind.compression.calibrated import CalibratedLinear, StaticLayer, static_layer
from tradewind.compression.graph import GraphWriter
from tradewind.compression.linear import ZERO, Dense, Product, attention


class PortableLinear(CalibratedLinear):
    """Multiplies in 8-bit integers with the scales of a calibration, in operators that any runtime knows.

    Raises KeyError for a layer that was not calibrated.
    """

    def multiply(self, graph: GraphWriter, values: str, layer: Dense) -> Product:
        static = static_layer(self._largest[layer.name], layer.weight)
        weight = graph.constant(layer.name, static.weight)
        scale = graph.constant(f"{layer.name}.scale", static.scale)
        dequantised = graph.node("DequantizeLinear", [weight, scale], axis=1)
        product = graph.node("MatMul", [_rounded(graph, values, static), dequantised])
        return Product(product, graph.constant(f"{layer.name}.bias", layer.bias))

    def attend(self, graph: GraphWriter, values: str, layer: Dense, heads: int) -> str:
        return attention(graph, self.multiply(graph, values, layer), heads)


def _rounded(graph: GraphWriter, values: str, static: StaticLayer) -> str:
    """Returns `values` as the float32 numbers that their 8-bit integers stand for."""
    if (static.factor != 1.0).any():
        values = graph.node("Mul", [values, graph.constant("even", 1.0 / static.factor)])
    grid = [graph.constant("step", static.step), graph.constant("zero", np.uint8(ZERO))]
    return graph.node("DequantizeLinear", [graph.node("QuantizeLinear", [values, *grid]), *grid])
