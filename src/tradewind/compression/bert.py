"""Writes a BERT encoder as an ONNX graph: token ids in, one unit vector per text out.

All texts of a batch have the same number of tokens, so the graph needs no mask and no padding, and nothing in it mixes
one text with another. Mean pooling and L2 normalisation are inside, as products of each text's own matrix: a reduction
would add in another order for another batch. Values inside have shape (texts, tokens, width).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from onnx import TensorProto, helper

from tradewind.compression.graph import MICROSOFT, GraphWriter
from tradewind.compression.linear import Dense, Linear
from tradewind.errors import ModelError
from tradewind.runtime.bundle import INPUT, OUTPUT

GELU: Final = {
    "gelu": ("Gelu", "BiasGelu"),
    "gelu_new": ("FastGelu", "FastGelu"),
    "gelu_pytorch_tanh": ("FastGelu", "FastGelu"),
}
"""The operator of each activation, for values that have their bias and for values that bring one."""
FIRST_POSITION: Final = {"bert": 0, "roberta": 2, "xlm-roberta": 2}
"""The row of the position table that the first token gets, for each architecture that this graph can express."""


class BertGraph:
    """The graph of one encoder; `tensors` and `config` are those of its Hugging Face checkpoint.

    Without `pooled` it gives the last block's state of every token, (texts, tokens, width).
    """

    def __init__(
        self, tensors: Mapping[str, np.ndarray], config: Mapping[str, Any], linear: Linear, *, pooled: bool = True
    ) -> None:
        _require_supported(config)
        self._tensors = plain_names(tensors)
        self._config = config
        self._linear = linear
        self._is_pooled = pooled
        self._graph = GraphWriter()

    def save(self, path: Path) -> None:
        """Writes the graph to `path` and its weights to `path`.data. Raises ModelError when a tensor is missing."""
        rows = self._embedded()
        for layer in range(int(self._config["num_hidden_layers"])):
            rows = self._layer(rows, f"encoder.layer.{layer}")
        ids = helper.make_tensor_value_info(INPUT, TensorProto.INT64, ["texts", "tokens"])
        width = int(self._config["hidden_size"])
        if self._is_pooled:
            self._graph.output(OUTPUT, self._pooled(rows), ["texts", width])
        else:
            self._graph.output(OUTPUT, rows, ["texts", "tokens", width])
        self._graph.save(path, ids)

    def _embedded(self) -> str:
        graph = self._graph
        words = self._linear.table(graph, INPUT, self._tensor("embeddings.word_embeddings.weight"))
        placed = graph.node("Add", [words, self._positions()])
        return self._normalised(placed, "embeddings.LayerNorm")

    def _positions(self) -> str:
        """One text has one type, so the first row of the type table is part of every position."""
        graph = self._graph
        first = FIRST_POSITION[self._config["model_type"]]
        table = self._tensor("embeddings.position_embeddings.weight")[first:]
        table = table + self._tensor("embeddings.token_type_embeddings.weight")[0]
        start = graph.constant("start", np.array([0], np.int64))
        return graph.node("Slice", [graph.constant("positions", table), start, self._length(), start])

    def _length(self) -> str:
        return self._graph.node("Shape", [INPUT], start=1, end=2)

    def _layer(self, rows: str, name: str) -> str:
        rows = self._residual(self._attended(rows, f"{name}.attention.self"), rows, f"{name}.attention.output")
        return self._residual(self._widened(rows, f"{name}.intermediate.dense"), rows, f"{name}.output")

    def _attended(self, rows: str, name: str) -> str:
        """Query, key and value come from one product, which is cheaper than three."""
        parts = [self._dense(f"{name}.{part}") for part in ("query", "key", "value")]
        weight = np.concatenate([part.weight for part in parts], axis=1)
        layer = Dense(name, weight, np.concatenate([part.bias for part in parts]))
        return self._linear.attend(self._graph, rows, layer, int(self._config["num_attention_heads"]))

    def _widened(self, rows: str, name: str) -> str:
        product = self._linear.multiply(self._graph, rows, self._dense(name))
        plain, biased = GELU[self._config["hidden_act"]]
        if product.bias:
            return self._graph.node(biased, [product.values, product.bias], domain=MICROSOFT)
        return self._graph.node(plain, [product.values], domain=MICROSOFT)

    def _residual(self, inner: str, rows: str, name: str) -> str:
        """ONNX Runtime's fused form of these nodes takes three times as long on a processor."""
        graph = self._graph
        product = self._linear.multiply(graph, inner, self._dense(f"{name}.dense"))
        biased = graph.node("Add", [product.values, product.bias]) if product.bias else product.values
        return self._normalised(graph.node("Add", [biased, rows]), f"{name}.LayerNorm")

    def _normalised(self, rows: str, name: str) -> str:
        graph = self._graph
        parameters = [graph.constant(f"{name}.{part}", self._tensor(f"{name}.{part}")) for part in ("weight", "bias")]
        epsilon = float(self._config["layer_norm_eps"])
        return graph.node("LayerNormalization", [rows, *parameters], axis=-1, epsilon=epsilon)

    def _pooled(self, rows: str) -> str:
        graph = self._graph
        length = self._length()
        one = graph.constant("one", np.array([1], np.int64))
        share = graph.node("Reciprocal", [graph.node("Cast", [length], to=TensorProto.FLOAT)])
        shares = graph.node("Expand", [share, graph.node("Concat", [one, length], axis=0)])
        mean = graph.node("MatMul", [shares, rows])
        squared = graph.node("MatMul", [mean, graph.node("Transpose", [mean], perm=[0, 2, 1])])
        return graph.node("Squeeze", [graph.node("Div", [mean, graph.node("Sqrt", [squared])]), one])

    def _dense(self, name: str) -> Dense:
        """Checkpoints keep (out, in); the graph multiplies by (in, out)."""
        return Dense(name, self._tensor(f"{name}.weight").T, self._tensor(f"{name}.bias"))

    def _tensor(self, name: str) -> np.ndarray:
        if name not in self._tensors:
            raise ModelError(f"the checkpoint has no tensor {name!r}")
        return np.asarray(self._tensors[name], np.float32)


def plain_names(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns `tensors` by the names they have in an encoder without a head."""
    return {_plain_name(name, tensors): tensor for name, tensor in tensors.items()}


def longest_text(config: Mapping[str, Any]) -> int:
    """Returns how many tokens a text may have. Raises ModelError for an architecture that cannot be exported."""
    _require_supported(config)
    return int(config["max_position_embeddings"]) - FIRST_POSITION[config["model_type"]]


def _require_supported(config: Mapping[str, Any]) -> None:
    kind, activation = config.get("model_type"), config.get("hidden_act")
    if kind not in FIRST_POSITION:
        known = ", ".join(sorted(FIRST_POSITION))
        raise ModelError(f"an encoder of type {kind!r} cannot be exported", hint=f"types that can: {known}")
    if activation not in GELU:
        raise ModelError(f"the activation {activation!r} cannot be exported", hint=f"known: {', '.join(sorted(GELU))}")


def _plain_name(name: str, tensors: Mapping[str, np.ndarray]) -> str:
    """A checkpoint with a head on it puts the encoder's name before its tensors."""
    encoder, _, rest = name.partition(".")
    return rest if encoder in ("bert", "roberta") and f"{encoder}.{rest}" in tensors else name
