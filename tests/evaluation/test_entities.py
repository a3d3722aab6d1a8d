"""Entities count only whole: with the right offsets and the right kind."""

from __future__ import annotations

import pytest

from tradewind.evaluation.entities import entity_counts, entity_f1


def test_half_an_entity_and_another_kind_count_as_wrong() -> None:
    truth = [{(0, 2, "brand"), (3, 5, "product")}, {(0, 4, "model")}]
    found = [{(0, 1, "brand"), (3, 5, "product")}, {(0, 4, "brand")}]
    counts = entity_counts(truth, found)
    assert (counts.right, counts.found, counts.there) == (1, 3, 3)
    assert counts.precision == counts.recall == counts.f1 == pytest.approx(1 / 3)


def test_f1_is_the_harmonic_mean_over_all_texts() -> None:
    counts = entity_counts([{1, 2, 3}, set()], [{1}, {4}])
    assert counts.f1 == pytest.approx(2 * counts.precision * counts.recall / (counts.precision + counts.recall))


def test_nothing_found_and_nothing_there_is_zero_and_not_an_error() -> None:
    assert entity_f1([set()], [set()]) == 0.0


def test_a_missing_prediction_is_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        entity_f1([{1}], [])
