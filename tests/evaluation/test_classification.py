"""Classification metrics agree with scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, roc_auc_score

from tradewind.evaluation.classification import accuracy, auc, expected_calibration_error, macro_f1

PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=40)


@given(pairs=PAIRS)
@settings(max_examples=60, deadline=None)
def test_accuracy_and_macro_f1_equal_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    truth, predicted = zip(*pairs, strict=True)
    assert accuracy(truth, predicted) == pytest.approx(accuracy_score(truth, predicted))
    assert macro_f1(truth, predicted) == pytest.approx(f1_score(truth, predicted, average="macro"))


@given(rows=st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
@settings(max_examples=60, deadline=None)
def test_auc_equals_scikit_learns_ties_included(rows: list[tuple[bool, int]]) -> None:
    relevant = np.array([row[0] for row in rows])
    scores = np.array([row[1] for row in rows], dtype=float)
    if relevant.all() or not relevant.any():
        assert np.isnan(auc(relevant, scores))
    else:
        assert auc(relevant, scores) == pytest.approx(roc_auc_score(relevant, scores))


def test_calibration_error_is_the_weighted_gap_between_confidence_and_accuracy() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.2])
    right = np.array([True, True, True, False, False])
    assert expected_calibration_error(confidence, right, bins=10) == pytest.approx((4 * 0.15 + 0.2) / 5)
    assert expected_calibration_error(np.ones(3), np.ones(3, dtype=bool)) == 0.0
