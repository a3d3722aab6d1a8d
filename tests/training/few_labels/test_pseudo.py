"""What a model's own guesses have to be before they are learned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.examples import Examples
from tradewind.tasks.label_probabilities import LabelProbabilities
from tradewind.training.few_labels.pseudo import (
    calibrated,
    class_thresholds,
    sure_guesses,
    temperature_of,
    unseen_texts,
)


def pair(*first: float) -> LabelProbabilities:
    return LabelProbabilities(("a", "b"), np.array([[p, 1 - p] for p in first], np.float32))


def test_a_boastful_model_is_made_less_sure() -> None:
    found = pair(*[0.99] * 10)
    temperature = temperature_of(found, ["a"] * 6 + ["b"] * 4)
    assert temperature > 1
    assert calibrated(found, temperature).values[0, 0] < 0.95


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6), st.floats(0.05, 2.0))
def test_calibration_changes_no_choice_and_sums_to_one(first: list[float], temperature: float) -> None:
    found = pair(*first)
    changed = calibrated(found, temperature)
    assert np.allclose(changed.values.sum(axis=1), 1, atol=1e-5)
    for before, after in zip(found.values, changed.values, strict=True):
        assert abs(before[0] - before[1]) < 1e-5 or before.argmax() == after.argmax()


def test_a_class_named_wrongly_at_some_confidence_asks_for_more() -> None:
    found = pair(0.99, 0.98, 0.95, 0.92, 0.02, 0.03)
    thresholds = class_thresholds(found, ["a", "a", "b", "b", "b", "b"], 0.9)
    assert thresholds[0] == pytest.approx(0.98)
    assert thresholds[1] == pytest.approx(0.9)


def test_a_class_whose_surest_guess_is_wrong_is_never_taken() -> None:
    thresholds = class_thresholds(pair(0.99, 0.98), ["b", "b"], 0.9)
    assert len(sure_guesses(["x", "y"], pair(0.999, 0.01), thresholds, 9)) == 1
    assert sure_guesses(["x", "y"], pair(0.999, 0.01), thresholds, 9).labels == ["b"]


def test_no_class_gets_more_than_its_share_and_the_surest_come_first() -> None:
    taken = sure_guesses(["x", "y", "z", "w"], pair(0.95, 0.99, 0.97, 0.5), np.array([0.9, 0.9]), 2)
    assert taken.texts == ["y", "z"]


def test_texts_of_examples_never_come_back_as_pseudo_labels() -> None:
    examples = Examples(["Green tea 100 g", "Cup"], ["", ""], ["a", "b"], ["1", "2"])
    assert unseen_texts(["green tea 250 g", "cup", "Pot"], examples) == ["Pot"]
