"""Reading safetensors without the library, and refusing what is not one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from tradewind.errors import ArtefactError
from tradewind.runtime.tensors import open_tensors


def test_arrays_come_back_as_they_were_written(tmp_path: Path):
    arrays = {
        "a": np.arange(6, dtype=np.int8).reshape(2, 3),
        "b": np.array([1.5, -2.0], dtype=np.float32),
        "c": np.zeros((0, 4), dtype=np.float64),
        "d": np.array(7, dtype=np.int64),
    }
    save_file(arrays, tmp_path / "x.safetensors")
    read = open_tensors(tmp_path / "x.safetensors")
    assert set(read) == set(arrays)
    assert all(np.array_equal(read[name], arrays[name]) and read[name].dtype == arrays[name].dtype for name in arrays)


def test_arrays_are_mapped_and_cannot_be_written(tmp_path: Path):
    save_file({"a": np.ones(4, dtype=np.float32)}, tmp_path / "x.safetensors")
    read = open_tensors(tmp_path / "x.safetensors")
    assert isinstance(read["a"], np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        read["a"][0] = 2.0


@given(st.data())
def test_a_file_that_was_cut_or_altered_is_refused_or_read_within_its_bounds(tmp_path_factory, data: st.DataObject):
    whole = bytearray(save({"a": np.arange(8, dtype=np.float32)}))
    place = data.draw(st.integers(0, len(whole) - 1))
    broken = (
        bytes(whole[:place]) if data.draw(st.booleans()) else bytes(whole[:place]) + b"\xff" + bytes(whole[place + 1 :])
    )
    path = tmp_path_factory.mktemp("broken") / "x.safetensors"
    path.write_bytes(broken)
    try:
        read = open_tensors(path)
    except ArtefactError as error:
        assert str(path) in str(error)
    else:
        assert all(array.nbytes <= len(broken) for array in read.values())


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ArtefactError, match=r"x\.safetensors"):
        open_tensors(tmp_path / "x.safetensors")
