"""Heads that do nothing go first, what is left answers like the whole, and it is saved, trained and exported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from tradewind.compression.export import export_encoder
from tradewind.compression.pruning.heads import head_importance, prune_heads
from tradewind.compression.pruning.layers import prune_layers
from tradewind.errors import ConfigError, DataError, ModelError
from tradewind.models.bi_encoder import E5_PREFIXES, load_bi_encoder, save_bi_encoder
from tradewind.runtime.encoder import OnnxEncoder

Tiny = Callable[..., Path]
HEAD = 8
IDLE = (2, 0, 3, 1)
"""The head of each block that is made to do nothing."""


@pytest.fixture
def idle(tiny: Tiny) -> Path:
    return silence(tiny())


def silence(folder: Path) -> Path:
    """Takes from one head of every block all say in what attention gives."""
    tensors = load_file(folder / "model.safetensors")
    for block, head in enumerate(IDLE):
        name = f"encoder.layer.{block}.attention.output.dense.weight"
        tensors[name] = tensors[name].copy()
        tensors[name][:, head * HEAD : (head + 1) * HEAD] = 0.0
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_a_head_that_does_nothing_is_worth_nothing_and_the_others_something(idle: Path, texts: list[str]) -> None:
    found = head_importance(idle, texts)
    assert found.shape == (4, 4)
    assert [int(row.argmin()) for row in found] == list(IDLE)
    assert (np.sort(found, axis=1)[:, 1] > 0.01).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0)


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta", "electra"])
def test_without_its_idle_heads_an_encoder_gives_the_same_vectors(
    tiny: Tiny, tmp_path: Path, texts: list[str], family: str
) -> None:
    checkpoint = silence(tiny(family))
    pruned = prune_heads(checkpoint, 3, texts, tmp_path / "out")
    assert load_file(pruned / "model.safetensors")["encoder.layer.0.attention.self.query.weight"].shape == (24, 32)
    ours, theirs = (load_bi_encoder(folder).encode(texts, "query") for folder in (pruned, checkpoint))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "int8", "int8-static"])
def test_an_encoder_of_fewer_heads_is_exported(tiny: Tiny, tmp_path: Path, texts: list[str], precision: str) -> None:
    pruned = prune_heads(tiny(), 2, texts, tmp_path / "out")
    bundle = export_encoder(pruned, tmp_path / "bundle", E5_PREFIXES, 24, precision, texts)  # type: ignore[arg-type]
    ours = OnnxEncoder(bundle).encode(texts, "query")
    assert (ours * load_bi_encoder(pruned).encode(texts, "query")).sum(axis=1).min() > 0.985


def test_it_is_trained_and_saved_and_loses_blocks_and_heads_again(tiny: Tiny, tmp_path: Path, texts: list[str]) -> None:
    pruned = prune_heads(tiny(), 3, texts, tmp_path / "three")
    encoder = load_bi_encoder(pruned)
    with torch.no_grad():
        encoder.model.encoder.layer[0].attention.self.query.weight.add_(0.5)  # type: ignore[union-attr, index]
    saved = save_bi_encoder(encoder, pruned, tmp_path / "saved")
    np.testing.assert_allclose(load_bi_encoder(saved).encode(texts, "query"), encoder.encode(texts, "query"), atol=1e-6)
    fewer = prune_heads(prune_layers(saved, 2, tmp_path / "blocks"), 1, texts, tmp_path / "one")
    config = json.loads((fewer / "config.json").read_text())
    assert (config["num_hidden_layers"], config["num_attention_heads"], config["head_size"]) == (2, 1, HEAD)
    assert load_bi_encoder(fewer).encode(texts, "query").shape == (len(texts), 32)


def test_families_whose_heads_stay_and_numbers_that_are_not_there_are_refused(
    tiny: Tiny, tmp_path: Path, texts: list[str]
) -> None:
    with pytest.raises(ConfigError, match=r"heads .*bert, electra, roberta, xlm-roberta"):
        prune_heads(tiny("mpnet"), 2, texts, tmp_path / "out")
    checkpoint = tiny("bert")
    for number in (0, 5):
        with pytest.raises(ConfigError, match="cannot be kept of 4"):
            prune_heads(checkpoint, number, texts, tmp_path / "out")
    with pytest.raises(DataError, match="too few to judge"):
        prune_heads(checkpoint, 2, texts[:3], tmp_path / "out")


def test_a_configuration_that_promises_other_heads_is_told(tiny: Tiny, tmp_path: Path, texts: list[str]) -> None:
    pruned = prune_heads(tiny(), 3, texts, tmp_path / "out")
    config = json.loads((pruned / "config.json").read_text()) | {"num_attention_heads": 2}
    (pruned / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="do not agree"):
        load_bi_encoder(pruned)
