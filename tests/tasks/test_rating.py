"""Stars are ordered: their probabilities come from steps that never contradict one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.tasks.rating import (
    RatedTexts,
    balancing_weights,
    expected_stars,
    likely_stars,
    rating_figures,
    star_f1,
    star_probabilities,
)

outputs = st.lists(st.lists(st.floats(-20, 20), min_size=4, max_size=4), min_size=1, max_size=6)


@given(outputs)
def test_probabilities_are_never_negative_and_sum_to_one(found: list[list[float]]) -> None:
    probabilities = star_probabilities(np.array(found, np.float32))
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_sure_steps_give_the_stars_between_them() -> None:
    probabilities = star_probabilities(np.array([[9, 9, -9, -9], [-9, -9, -9, -9]], np.float32))
    assert likely_stars(probabilities).tolist() == [3, 1]
    np.testing.assert_allclose(expected_stars(probabilities), [3, 1], atol=0.01)


def test_steps_say_which_thresholds_a_rating_is_above() -> None:
    assert RatedTexts(("a", "b"), np.array([1, 4])).steps.tolist() == [[0, 0, 0, 0], [1, 1, 1, 0]]


def test_balancing_helps_a_rare_rating_that_is_always_second() -> None:
    truth = np.array([5] * 90 + [1] * 10)
    probabilities = np.zeros((100, 5), np.float32)
    probabilities[:, 4], probabilities[:90, 0], probabilities[90:, 0] = 0.6, 0.1, 0.4
    weights = balancing_weights(probabilities, truth)
    assert star_f1(truth, likely_stars(probabilities, weights)) > star_f1(truth, likely_stars(probabilities))


def test_figures_of_a_perfect_prediction() -> None:
    figures = rating_figures(np.eye(5, dtype=np.float32), RatedTexts(tuple("abcde"), np.arange(1, 6)))
    assert (figures["RMSE"], figures["macro-F1"], figures["accuracy"]) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("texts", "stars", "message"), [(("a",), [6], "outside 1 to 5"), (("a",), [1, 2], "1 texts with 2 ratings")]
)
def test_ratings_that_cannot_be_are_an_error(texts: tuple[str, ...], stars: list[int], message: str) -> None:
    with pytest.raises(DataError, match=message):
        RatedTexts(texts, np.array(stars))
