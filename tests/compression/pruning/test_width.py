"""Inner values that move nothing go first; what always is the same goes into the bias."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tradewind.compression.export import export_encoder
from tradewind.compression.pruning.families import PRUNABLE
from tradewind.compression.pruning.width import prune_width
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import E5_PREFIXES, load_bi_encoder
from tradewind.runtime.encoder import OnnxEncoder

Tiny = Callable[..., Path]
UNREAD = np.arange(1, 64, 2)


@pytest.mark.parametrize("family", sorted(PRUNABLE))
def test_without_the_values_that_nothing_reads_the_vectors_are_the_same(
    family: str, tiny: Tiny, tmp_path: Path, texts: list[str]
) -> None:
    checkpoint, names = tiny(family), PRUNABLE[family]
    tensors = load_file(checkpoint / "model.safetensors")
    for name in [name for name in tensors if names.block(name) and names.block(name)[1] == f"{names.narrow}.weight"]:  # type: ignore[index]
        tensors[name] = tensors[name].copy()
        tensors[name][:, UNREAD] = 0.0
    save_file(tensors, checkpoint / "model.safetensors", metadata={"format": "pt"})
    pruned = prune_width(checkpoint, 0.5, texts, tmp_path / "out")
    assert json.loads((pruned / "config.json").read_text())[names.inner] == 32
    ours, theirs = (load_bi_encoder(folder).encode(texts, "query") for folder in (pruned, checkpoint))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_value_that_is_always_the_same_goes_into_the_bias(tiny: Tiny, tmp_path: Path, texts: list[str]) -> None:
    checkpoint = tiny()
    tensors = {name: tensor.copy() for name, tensor in load_file(checkpoint / "model.safetensors").items()}
    for block in range(4):
        wide = f"encoder.layer.{block}.intermediate.dense"
        tensors[f"{wide}.weight"][UNREAD] = 0.0
        tensors[f"{wide}.bias"][UNREAD] = 3.0
        tensors[f"encoder.layer.{block}.output.dense.weight"][:, UNREAD] *= 0.001
    save_file(tensors, checkpoint / "model.safetensors", metadata={"format": "pt"})
    pruned = prune_width(checkpoint, 0.5, texts, tmp_path / "out")
    whole = load_bi_encoder(checkpoint).encode(texts, "query")
    error = np.abs(load_bi_encoder(pruned).encode(texts, "query") - whole).max()
    kept = {name: tensor.copy() for name, tensor in load_file(pruned / "model.safetensors").items()}
    for name in [name for name in kept if name.endswith("output.dense.bias") and "attention" not in name]:
        kept[name] = tensors[name]
    save_file(kept, pruned / "model.safetensors", metadata={"format": "pt"})
    without = np.abs(load_bi_encoder(pruned).encode(texts, "query") - whole).max()
    assert error < 0.001
    assert without > 3 * error


@pytest.mark.parametrize("precision", ["int8", "int8-static"])
def test_a_narrower_encoder_is_exported(tiny: Tiny, tmp_path: Path, texts: list[str], precision: str) -> None:
    pruned = prune_width(tiny(), 0.75, texts, tmp_path / "out")
    bundle = export_encoder(pruned, tmp_path / "bundle", E5_PREFIXES, 24, precision, texts)  # type: ignore[arg-type]
    ours = OnnxEncoder(bundle).encode(texts, "passage")
    assert (ours * load_bi_encoder(pruned).encode(texts, "passage")).sum(axis=1).min() > 0.985


@pytest.mark.parametrize("share", [0.0, -0.5, 1.1])
def test_a_share_outside_nought_to_one_is_refused(tiny: Tiny, tmp_path: Path, texts: list[str], share: float) -> None:
    with pytest.raises(ConfigError, match="share"):
        prune_width(tiny(), share, texts, tmp_path / "out")
