"""A fused vector weighs picture against text exactly as it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import ModelError
from tradewind.tasks.recognise.fusion import fused


@given(st.floats(0, 1), st.integers(0, 1000))
def test_the_inner_product_is_the_weighted_mean_of_both_cosines(weight: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    picture, text = random.normal(size=(3, 5)).astype(np.float32), random.normal(size=(3, 4)).astype(np.float32)
    joined = fused(picture, text, weight)

    def cosines(rows: np.ndarray) -> np.ndarray:
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(unit @ unit.T)

    wanted = weight * cosines(picture) + (1 - weight) * cosines(text)
    assert np.allclose(joined @ joined.T, wanted, atol=1e-5)
    assert np.allclose(np.linalg.norm(joined, axis=1), 1.0, atol=1e-5)


def test_an_item_without_a_picture_is_compared_by_its_text() -> None:
    picture = np.array([[1, 0], [0, 0], [0, 0]], np.float32)
    text = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    joined = fused(picture, text, 0.5)
    assert np.allclose(np.linalg.norm(joined, axis=1), 1.0)
    assert joined[1] @ joined[0] > joined[1] @ joined[2] == 0.0


def test_nothing_known_is_no_direction() -> None:
    assert not fused(np.zeros((1, 2), np.float32), np.zeros((1, 3), np.float32)).any()


@pytest.mark.parametrize(("rows", "weight"), [(2, 0.5), (1, 1.5), (1, -0.1), (1, float("nan"))])
def test_what_does_not_fit_is_refused(rows: int, weight: float) -> None:
    with pytest.raises(ModelError):
        fused(np.ones((rows, 2), np.float32), np.ones((1, 2), np.float32), weight)
