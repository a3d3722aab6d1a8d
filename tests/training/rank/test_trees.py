"""Boosted trees learn an order from features, never rank against a rising one, and are alike in every run."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import DataError
from tradewind.tasks.rank.judged import JudgedQuery
from tradewind.training.rank.trees import TreeSettings, fit_trees

SETTINGS = TreeSettings(trees=30, least_rows=5, models=2)


def made(seed: int, noise: float = 0.1) -> tuple[list[JudgedQuery], list[np.ndarray]]:
    """Grades follow the first of three columns."""
    random = np.random.default_rng(seed)
    rows = [random.random((12, 3)) for _ in range(30)]
    grades = [np.clip((x[:, 0] + noise * random.normal(size=12)) * 4, 0, 3).astype(np.int64) for x in rows]
    items = tuple(str(n) for n in range(12))
    return [JudgedQuery(str(n), items, grade) for n, grade in enumerate(grades)], rows


def test_an_order_is_learned_and_what_brought_it_is_told() -> None:
    queries, rows = made(1)
    ranker = fit_trees(queries, rows, SETTINGS)
    unseen, more = made(2)
    reached = np.mean([query.ndcg(ranker.scores(x)) for query, x in zip(unseen, more, strict=True)])
    assert reached > 0.95
    assert ranker.importance().argmax() == 0
    assert ranker.importance().sum() == pytest.approx(1.0)


def test_more_of_a_rising_feature_never_ranks_lower() -> None:
    queries, rows = made(3, noise=1.0)
    ranker = fit_trees(queries, rows, TreeSettings(trees=30, least_rows=5, models=2, rising=(0,)))
    line = np.column_stack([np.linspace(0, 1, 50), np.full(50, 0.5), np.full(50, 0.5)])
    assert (np.diff(ranker.scores(line)) >= -1e-12).all()


def test_the_same_seed_gives_the_same_scores() -> None:
    queries, rows = made(4)
    first, second = (fit_trees(queries, rows, SETTINGS).scores(rows[0]) for _ in range(2))
    assert np.array_equal(first, second)


def test_no_candidates_have_no_scores() -> None:
    assert fit_trees(*made(5), SETTINGS).scores(np.zeros((0, 3))).shape == (0,)


def test_grades_all_alike_teach_nothing() -> None:
    alike = [JudgedQuery("milk", ("a", "b"), np.array([1, 1]))]
    with pytest.raises(DataError, match="nothing teaches an order"):
        fit_trees(alike, [np.zeros((2, 3))], SETTINGS)
