"""Exported graphs answer what torch answers, for every family that can be exported, and refuse the others by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.export import export_encoder
from tradewind.errors import ModelError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.runtime.bundle import Precision
from tradewind.runtime.encoder import OnnxEncoder

PREFIXES = {"query": "query: ", "passage": "passage: ", "together": "query: bought with: "}
TEXTS = ["milk", "bread tea juice", "奶", "tea " * 30, "milk bread", ""]
SEEN = [
    f"{first} {second}" for first in ("milk", "bread", "tea", "juice", "奶") for second in ("milk", "tea", "奶", "")
]
PRECISIONS: list[Precision] = ["int8", "int8-static"]
Tiny = Callable[..., Path]


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta"])
def test_the_fp32_graph_gives_torchs_vectors(tiny: Tiny, tmp_path: Path, family: str) -> None:
    checkpoint = tiny(family)
    bundle = export_encoder(checkpoint, tmp_path / "bundle", PREFIXES, 24, "fp32")
    expected = load_bi_encoder(checkpoint, prefixes=PREFIXES, max_tokens=24).encode(TEXTS, "passage")
    assert np.abs(OnnxEncoder(bundle).encode(TEXTS, "passage") - expected).max() < 1e-5


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("activation", ["gelu", "gelu_new"])
def test_the_int8_graph_stays_close(tiny: Tiny, tmp_path: Path, activation: str, precision: Precision) -> None:
    checkpoint = tiny("bert", hidden_act=activation)
    bundle = export_encoder(checkpoint, tmp_path / "bundle", PREFIXES, 24, precision, SEEN)
    expected = load_bi_encoder(checkpoint, prefixes=PREFIXES, max_tokens=24).encode(TEXTS, "query")
    closest = {"int8": 0.995, "int8-static": 0.99}[precision]
    assert (OnnxEncoder(bundle).encode(TEXTS, "query") * expected).sum(axis=1).min() > closest


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_text_has_the_same_bits_alone_and_in_a_batch_of_its_length(
    tiny: Tiny, tmp_path: Path, precision: Precision
) -> None:
    encoder = OnnxEncoder(export_encoder(tiny(), tmp_path / "bundle", PREFIXES, 24, precision, SEEN))
    together = encoder.encode(SEEN, "passage")
    assert all(
        np.array_equal(row, encoder.encode([text], "passage")[0]) for row, text in zip(together, SEEN, strict=True)
    )


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_same_checkpoint_always_gives_the_same_bytes(tiny: Tiny, tmp_path: Path, precision: Precision) -> None:
    checkpoint = tiny()
    first, second = (
        export_encoder(checkpoint, tmp_path / name, PREFIXES, 24, precision, SEEN) for name in ("first", "second")
    )
    names = sorted(path.name for path in first.iterdir())
    assert names == ["encoder.json", "model.onnx", "model.onnx.data", "tokenizer.json"]
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_the_bundle_says_how_it_is_to_be_asked(tiny: Tiny, tmp_path: Path) -> None:
    facts = json.loads((export_encoder(tiny(), tmp_path / "b", PREFIXES, 24) / "encoder.json").read_text())
    asked = {"dimension": 32, "pooling": "mean", "max_tokens": 24, "precision": "int8", "prefixes": PREFIXES}
    assert facts == asked | {"runtime": "onnx", "width": None}


def test_the_static_form_needs_texts_to_calibrate_by(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="2 texts are too few to calibrate by"):
        export_encoder(tiny(), tmp_path / "bundle", PREFIXES, 24, "int8-static", SEEN[:2])


def test_an_architecture_the_graph_cannot_express_is_named_with_those_it_can(tiny: Tiny, tmp_path: Path) -> None:
    folder = tiny()
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "modernbert"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match=r"'modernbert' cannot be exported .*bert, roberta, xlm-roberta"):
        export_encoder(folder, tmp_path / "bundle", PREFIXES, 24)


def test_an_activation_the_graph_cannot_express_is_named(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'relu' cannot be exported"):
        export_encoder(tiny("bert", hidden_act="relu"), tmp_path / "bundle", PREFIXES, 24)


@pytest.mark.parametrize(("family", "longest"), [("bert", 40), ("xlm-roberta", 38)])
def test_texts_longer_than_the_models_positions_are_refused(
    tiny: Tiny, tmp_path: Path, family: str, longest: int
) -> None:
    export_encoder(tiny(family), tmp_path / "bundle", PREFIXES, longest)
    with pytest.raises(ModelError, match=f"longer than the model's {longest}"):
        export_encoder(tiny(family), tmp_path / "bundle", PREFIXES, longest + 1)
