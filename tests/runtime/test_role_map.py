"""The map of the role together: unit vectors, each its own, and only for that role."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import ArtefactError
from tradewind.runtime.role_map import TOGETHER_FILE, RoleMap, read_role_map, write_role_map

RANDOM = np.random.default_rng(3)
MAP = RoleMap(RANDOM.normal(size=(8, 8)).astype(np.float32), RANDOM.normal(size=8).astype(np.float32))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(0, 39))
def test_a_mapped_vector_is_of_length_one_and_the_same_bits_in_any_company(count: int, place: int) -> None:
    vectors = np.random.default_rng(count).normal(size=(count, 8)).astype(np.float32)
    together = MAP.apply(vectors)
    assert together.dtype == np.float32
    assert np.allclose((together**2).sum(axis=1), 1, atol=1e-5)
    row = place % count
    assert together[row].tobytes() == MAP.apply(vectors[row : row + 1])[0].tobytes()


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    write_role_map(MAP, tmp_path)
    found = read_role_map(tmp_path, 8)
    assert found is not None
    assert np.array_equal(found.weight, MAP.weight)
    assert np.array_equal(found.bias, MAP.bias)


def test_an_encoder_without_a_map_has_none(tmp_path: Path) -> None:
    assert read_role_map(tmp_path, 8) is None


def test_a_map_that_does_not_fit_or_is_no_map_is_refused_by_name(tmp_path: Path) -> None:
    write_role_map(MAP, tmp_path)
    with pytest.raises(ArtefactError, match=TOGETHER_FILE):
        read_role_map(tmp_path, 9)
    (tmp_path / TOGETHER_FILE).write_bytes(b"not safetensors")
    with pytest.raises(ArtefactError, match=TOGETHER_FILE):
        read_role_map(tmp_path, 8)
