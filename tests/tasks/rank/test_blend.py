"""The blend: smoothing over alike candidates, words one by one, and two numbers that are learned."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import DataError
from tradewind.tasks.rank.blend import Blend, BlendInputs, fit_blend, smoothed
from tradewind.tasks.rank.judged import JudgedQuery
from tradewind.tasks.rank.word_match import WordMatch

VECTORS = {"milk": [1.0, 0.0], "cream": [0.8, 0.6], "bolt": [0.0, 1.0], "usb": [0.0, 1.0]}


def encode(words: list[str]) -> np.ndarray:
    return np.array([VECTORS[word] for word in words])


def test_without_weights_the_blend_is_the_cosine() -> None:
    inputs = BlendInputs(np.array([0.1, 0.2]), np.array([9.0, 9.0]), np.array([9.0, 0.0]))
    assert Blend().scores(inputs).tolist() == [0.1, 0.2]


def test_alike_candidates_vouch_for_one_another() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    found = smoothed(np.array([0.2, 0.8, 0.5]), vectors)
    assert found[0] == pytest.approx(0.8, abs=1e-3)
    assert found[1] == pytest.approx(0.2, abs=1e-3)
    assert smoothed(np.array([0.3]), vectors[:1]).tolist() == [0.3]


def test_what_helps_the_training_queries_is_learned_and_what_does_not_is_left_out() -> None:
    queries = [JudgedQuery(str(n), ("a", "b"), np.array([0, 3])) for n in range(4)]
    useful = [BlendInputs(np.array([0.52, 0.5]), np.array([0.52, 0.5]), np.array([0.0, 1.0]))] * 4
    assert fit_blend(queries, useful) == Blend(0.0, 0.2)
    useless = [BlendInputs(np.array([0.5, 0.52]), np.array([0.5, 0.52]), np.array([0.0, 0.0]))] * 4
    assert fit_blend(queries, useless) == Blend()


def test_grades_all_alike_teach_nothing() -> None:
    one = BlendInputs(np.zeros(2), np.zeros(2), np.zeros(2))
    with pytest.raises(DataError, match="nothing teaches an order"):
        fit_blend([JudgedQuery("milk", ("a", "b"), np.array([1, 1]))], [one])


def test_a_synonym_answers_better_than_a_stranger_and_the_word_itself_best() -> None:
    match = WordMatch.over(["milk", "cream", "bolt"], ["milk", "cream", "bolt"], encode)
    found = match.scores("milk", ["Milk", "cream", "bolt"])
    assert found.tolist() == pytest.approx([1.0, 0.8, 0.0])


def test_a_rare_word_weighs_more() -> None:
    texts = ["milk"] * 50 + ["usb"]
    match = WordMatch.over(texts, ["milk usb"], encode)
    milk, usb = match.scores("milk usb", ["milk", "usb"])
    assert usb > milk


def test_words_that_nobody_knows_score_zero() -> None:
    match = WordMatch.over(["milk"], ["milk"], encode)
    assert match.scores("12 ?", ["milk"]).tolist() == [0.0]
    assert match.scores("milk", [""]).tolist() == [0.0]
