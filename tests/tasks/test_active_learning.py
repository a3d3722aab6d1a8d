"""Which unlabelled texts are asked for first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tradewind.errors import ConfigError
from tradewind.tasks.active_learning import STRATEGIES, entropy, k_centres, margin, most_useful, spread_gradients

SURE, TORN, FLAT = [0.98, 0.01, 0.01], [0.5, 0.48, 0.02], [0.34, 0.33, 0.33]


def clusters(each: int = 10) -> np.ndarray:
    """Four tight heaps of unit vectors, far from one another."""
    random = np.random.default_rng(3)
    heaps = np.repeat(np.eye(4, 8), each, axis=0) + random.normal(0, 0.01, (4 * each, 8))
    return (heaps / np.linalg.norm(heaps, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("strategy", ["uncertainty", "margin"])
def test_the_text_that_the_model_is_unsure_of_comes_first_and_the_sure_one_last(strategy: str) -> None:
    probabilities = np.array([SURE, TORN, FLAT], np.float32)
    order = most_useful(strategy, probabilities, np.eye(3, dtype=np.float32), 3)
    assert order[0] == 2
    assert order[-1] == 0


def test_entropy_and_margin_differ_where_two_labels_of_many_are_near() -> None:
    torn, broad = [0.45, 0.45, 0.1], [0.5, 0.25, 0.25]
    probabilities = np.array([torn, broad], np.float32)
    assert entropy(probabilities).argmax() == 1
    assert margin(probabilities).argmin() == 0


def test_the_most_different_texts_cover_every_cluster() -> None:
    assert set(k_centres(clusters(), 4) // 10) == {0, 1, 2, 3}


def test_what_is_labelled_already_is_kept_away_from() -> None:
    vectors = clusters()
    chosen = k_centres(vectors, 3, held=vectors[:5])
    assert set(chosen // 10) == {1, 2, 3}


def test_gradients_cover_every_unsure_cluster_and_no_sure_one() -> None:
    probabilities = np.array([SURE] * 10 + [TORN] * 30, np.float32)
    chosen = spread_gradients(probabilities, clusters(), 3, seed=13)
    assert set(chosen // 10) == {1, 2, 3}


def test_the_products_of_the_factors_are_those_of_the_gradients() -> None:
    random = np.random.default_rng(5)
    probabilities = random.dirichlet(np.ones(3), 12).astype(np.float32)
    vectors = random.normal(size=(12, 4)).astype(np.float32)
    errors = probabilities - np.eye(3, dtype=np.float32)[probabilities.argmax(axis=1)]
    whole = np.einsum("nk,nd->nkd", errors, vectors).reshape(12, -1)
    assert spread_gradients(probabilities, vectors, 1, seed=1)[0] == np.linalg.norm(whole, axis=1).argmax()


@settings(max_examples=25, deadline=None)
@given(
    arrays(np.float32, (9, 3), elements=st.floats(0.0625, 1, width=32)),
    st.integers(1, 12),
    st.sampled_from(STRATEGIES),
)
def test_no_text_is_asked_for_twice(raw: np.ndarray, count: int, strategy: str) -> None:
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    chosen = most_useful(strategy, probabilities, np.eye(9, dtype=np.float32), count)
    assert len(set(chosen.tolist())) == len(chosen) <= min(count, 9)


def test_equal_texts_are_asked_for_once() -> None:
    assert len(k_centres(np.ones((6, 3), np.float32), 4)) == 1


def test_a_strategy_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"'guess'.*uncertainty, margin, diverse"):
        most_useful("guess", np.array([SURE], np.float32), np.ones((1, 2), np.float32), 1)
