"""Writes an ONNX graph node by node: nodes and constants are collected, then saved with the constants beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET: Final = 21
IR_VERSION: Final = 10
MICROSOFT: Final = "com.microsoft"
"""The domain of ONNX Runtime's own fused operators."""
PAGE: Final = 4096
EXTERNAL_FROM: Final = 1024
"""Constants of at least so many bytes lie in the data file, which ONNX Runtime maps instead of reading."""


class GraphWriter:
    """Collects nodes in order. Every value is named by a string; a name is made from a hint and a number."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, np.ndarray] = {}
        self._outputs: list[onnx.ValueInfoProto] = []
        self._count = 0

    def constant(self, hint: str, value: np.ndarray | np.generic) -> str:
        """Returns the name of a new constant that holds `value`."""
        name = self._fresh(hint)
        self._constants[name] = np.asarray(value, order="C")
        return name

    def node(self, kind: str, inputs: Sequence[str], *, domain: str = "", **attributes: Any) -> str:
        """Adds a node with one output and returns the output's name. An empty input name leaves that input out."""
        return self.nodes(kind, inputs, 1, domain=domain, **attributes)[0]

    def nodes(
        self, kind: str, inputs: Sequence[str], outputs: int, *, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Adds a node with several outputs and returns their names."""
        names = [self._fresh(kind) for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, names[0], domain=domain, **attributes))
        return names

    def output(self, name: str, value: str, shape: Sequence[int | str]) -> str:
        """Makes the float32 `value` an output of the graph under the public `name`, and returns that name."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def save(self, path: Path, given: onnx.ValueInfoProto) -> None:
        """Writes `path` and `path`.data; `given` is what the graph reads."""
        with path.with_name(path.name + ".data").open("wb") as data:
            constants = [_written(hint, array, data) for hint, array in self._constants.items()]
        model = helper.make_model(
            helper.make_graph(self._nodes, "encoder", [given], self._outputs, constants),
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)],
            ir_version=IR_VERSION,
            producer_name="tradewind",
        )
        path.write_bytes(model.SerializeToString(deterministic=True))

    def _fresh(self, hint: str) -> str:
        self._count += 1
        return f"{hint}_{self._count}"


def _written(name: str, array: np.ndarray, data: BinaryIO) -> onnx.TensorProto:
    """Small constants stay in the graph; large ones start at a page of the data file, so that they can be mapped."""
    if array.nbytes < EXTERNAL_FROM:
        return numpy_helper.from_array(array, name)
    data.write(b"\0" * (-data.tell() % PAGE))
    places = {"location": Path(data.name).name, "offset": str(data.tell()), "length": str(array.nbytes)}
    data.write(array.tobytes())
    tensor = onnx.TensorProto(name=name, dims=array.shape, data_type=helper.np_dtype_to_tensor_dtype(array.dtype))
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.extend(onnx.StringStringEntryProto(key=key, value=place) for key, place in places.items())
    return tensor
