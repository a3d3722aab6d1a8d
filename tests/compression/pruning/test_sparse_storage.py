"""Small weights become zero, zeros are stored in a bit each, and every number comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from safetensors.numpy import load_file, save_file

from tradewind.compression.pruning.magnitude import prune_magnitude
from tradewind.compression.pruning.sparse_storage import SPARSE_FILE, restore, store_sparse
from tradewind.errors import ConfigError, ModelError
from tradewind.models.bi_encoder import load_bi_encoder

Tiny = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What stands beside the weights of a checkpoint."""
    (tmp_path / "checkpoint").mkdir()
    for name in ("config.json", "tokenizer.json"):
        (tmp_path / "checkpoint" / name).write_text("{}")
    return tmp_path / "checkpoint"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    tensor=arrays.arrays(
        st.sampled_from([np.float32, np.float16, np.float64, np.int8]),
        arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=40),
        elements=st.sampled_from([0, 0, 0, 0, 1, -3]),
        fill=st.just(0),
    )
)
def test_any_tensor_comes_back_as_it_was(folder: Path, tmp_path: Path, tensor: np.ndarray) -> None:
    save_file({"a.weight": tensor}, folder / "model.safetensors")
    store_sparse(folder, tmp_path / "stored")
    found = load_file(restore(tmp_path / "stored", tmp_path / "whole") / "model.safetensors")["a.weight"]
    assert (found.dtype, found.shape) == (tensor.dtype, tensor.shape)
    assert found.tobytes() == tensor.tobytes()


def test_minus_nought_and_no_number_come_back_too(folder: Path, tmp_path: Path) -> None:
    tensor = np.zeros(5000, np.float32)
    tensor[[1, 7, 9]] = [-0.0, np.nan, np.inf]
    save_file({"a": tensor}, folder / "model.safetensors")
    stored = store_sparse(folder, tmp_path / "stored")
    assert stored.ratio < 0.3
    found = load_file(restore(stored.folder, tmp_path / "whole") / "model.safetensors")["a"]
    assert found.tobytes() == tensor.tobytes()


def test_the_smallest_weights_of_the_blocks_become_zero_and_no_others(tiny: Tiny, tmp_path: Path) -> None:
    checkpoint = tiny(vocab_size=14)
    pruned = prune_magnitude(checkpoint, 0.8, tmp_path / "pruned")
    before, after = (load_file(path / "model.safetensors") for path in (checkpoint, pruned))
    inside = [name for name in before if name.startswith("encoder.layer") and before[name].ndim == 2]
    old, new = (np.concatenate([tensors[name].ravel() for name in inside]) for tensors in (before, after))
    assert (new == 0).mean() == pytest.approx(0.8, abs=0.001)
    assert np.abs(old[new == 0]).max() <= np.abs(new[new != 0]).min()
    assert all(np.array_equal(before[name], after[name]) for name in before if name not in inside)


def test_a_pruned_checkpoint_is_smaller_in_store_and_answers_the_same_afterwards(
    tiny: Tiny, tmp_path: Path, texts: list[str]
) -> None:
    pruned = prune_magnitude(tiny(hidden_size=64, intermediate_size=256), 0.9, tmp_path / "pruned")
    stored = store_sparse(pruned, tmp_path / "stored")
    assert stored.before == (pruned / "model.safetensors").stat().st_size
    assert stored.after == (stored.folder / SPARSE_FILE).stat().st_size
    assert stored.ratio < 0.35
    assert 0.75 < stored.zero < 0.9
    whole = restore(stored.folder, tmp_path / "whole")
    np.testing.assert_array_equal(
        load_bi_encoder(whole).encode(texts, "query"), load_bi_encoder(pruned).encode(texts, "query")
    )


def test_without_zeros_nothing_is_lost_or_won(tiny: Tiny, tmp_path: Path) -> None:
    assert store_sparse(tiny(), tmp_path / "stored").ratio == pytest.approx(1.0, abs=0.02)


def test_a_share_of_all_and_a_broken_file_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    checkpoint = tiny(hidden_size=64, intermediate_size=256)
    with pytest.raises(ConfigError, match="share"):
        prune_magnitude(checkpoint, 1.0, tmp_path / "pruned")
    stored = store_sparse(prune_magnitude(checkpoint, 0.9, tmp_path / "p"), tmp_path / "stored").folder
    parts = load_file(stored / SPARSE_FILE)
    name = next(part for part in parts if part.endswith("::values"))
    save_file({**parts, name: parts[name][1:]}, stored / SPARSE_FILE)
    with pytest.raises(ModelError, match="do not agree"):
        restore(stored, tmp_path / "whole")
    with pytest.raises(ModelError, match="not a checkpoint stored"):
        restore(checkpoint, tmp_path / "whole")
