"""An encoder of fewer blocks runs the blocks that were kept, and nothing else of it changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from tradewind.compression.export import export_encoder
from tradewind.compression.pruning.families import PRUNABLE
from tradewind.compression.pruning.layers import evenly, prune_layers
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import E5_PREFIXES, load_bi_encoder
from tradewind.runtime.encoder import OnnxEncoder

Tiny = Callable[..., Path]


@pytest.mark.parametrize("family", sorted(PRUNABLE))
def test_the_kept_blocks_run_one_after_the_other(family: str, tiny: Tiny, tmp_path: Path, texts: list[str]) -> None:
    checkpoint = tiny(family)
    whole = load_bi_encoder(checkpoint)
    blocks = [name.removeprefix("model.") for name in whole.blocks]
    parent, _, _ = blocks[0].rpartition(".")
    layers = whole.model.get_submodule(parent)
    keep = [layers[0], layers[2]]
    setattr(whole.model.get_submodule(parent.rpartition(".")[0]), parent.rpartition(".")[2], torch.nn.ModuleList(keep))
    pruned = load_bi_encoder(prune_layers(checkpoint, [0, 2], tmp_path / "out"))
    assert len(pruned.blocks) == 2
    np.testing.assert_allclose(pruned.encode(texts, "query"), whole.encode(texts, "query"), atol=1e-6)


def test_a_number_keeps_so_many_evenly_and_the_file_is_as_much_smaller(tiny: Tiny, tmp_path: Path) -> None:
    checkpoint = tiny()
    by_number = prune_layers(checkpoint, 2, tmp_path / "two")
    by_name = prune_layers(checkpoint, (0, 3), tmp_path / "named")
    assert (by_number / "model.safetensors").read_bytes() == (by_name / "model.safetensors").read_bytes()
    assert json.loads((by_number / "config.json").read_text())["num_hidden_layers"] == 2
    kept = load_file(by_number / "model.safetensors")
    assert not [name for name in kept if "layer.2" in name or "layer.3" in name]
    np.testing.assert_array_equal(
        kept["encoder.layer.1.output.dense.weight"],
        load_file(checkpoint / "model.safetensors")["encoder.layer.3.output.dense.weight"],
    )


@pytest.mark.parametrize("precision", ["fp32", "int8", "int8-static"])
def test_what_is_left_is_exported_like_any_other(tiny: Tiny, tmp_path: Path, texts: list[str], precision: str) -> None:
    pruned = prune_layers(tiny(), 2, tmp_path / "out")
    bundle = export_encoder(pruned, tmp_path / "bundle", E5_PREFIXES, 24, precision, texts)  # type: ignore[arg-type]
    ours = OnnxEncoder(bundle).encode(texts, "query")
    assert (ours * load_bi_encoder(pruned).encode(texts, "query")).sum(axis=1).min() > 0.99


@given(depth=st.integers(1, 40), data=st.data())
def test_an_even_choice_has_the_lowest_and_the_highest_and_none_twice(depth: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, depth))
    kept = evenly(depth, count)
    assert len(set(kept)) == count
    assert kept[0] == 0
    assert count == 1 or kept[-1] == depth - 1
    steps = np.diff(kept)
    assert count == 1 or steps.max() - steps.min() <= 1


@pytest.mark.parametrize("keep", [[], [2, 1], [1, 1], [-1, 2], [0, 4], 0, 5])
def test_blocks_that_are_not_there_are_refused(tiny: Tiny, tmp_path: Path, keep: list[int] | int) -> None:
    with pytest.raises(ConfigError, match="blocks"):
        prune_layers(tiny(), keep, tmp_path / "out")


def test_an_unknown_family_is_told_which_can(tiny: Tiny, tmp_path: Path) -> None:
    folder = tiny()
    config = json.loads((folder / "config.json").read_text()) | {"model_type": "albert"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConfigError, match="bert, deberta-v2, distilbert"):
        prune_layers(folder, 2, tmp_path / "out")


def test_the_first_block_of_modernbert_stays(tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="keep block 0"):
        prune_layers(tiny("modernbert"), [1, 2], tmp_path / "out")


def test_a_checkpoint_is_not_pruned_in_its_own_place(tiny: Tiny) -> None:
    folder = tiny()
    with pytest.raises(ConfigError, match="own place"):
        prune_layers(folder, 2, folder)
