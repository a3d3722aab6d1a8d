from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tradewind.errors import DataError
from tradewind.tasks.purchase.forest import Forest, forest_of

STUMPS = Forest(
    features=np.array([1, 0, 0, 0], dtype=np.int32),
    thresholds=np.array([0.5, np.inf, np.inf, np.inf]),
    left=np.array([1, 1, 2, 3], dtype=np.int32),
    right=np.array([2, 1, 2, 3], dtype=np.int32),
    values=np.array([0.0, -1.0, 2.0, 0.25]),
    roots=np.array([0, 3], dtype=np.int32),
    width=2,
    logistic=False,
)


def test_a_row_falls_to_its_leaf_and_trees_add_up() -> None:
    assert STUMPS.predict(np.array([[9.0, 0.5], [9.0, 0.51]])).tolist() == [-0.75, 2.25]
    assert replace(STUMPS, logistic=True).predict(np.array([[0.0, 1.0]]))[0] == pytest.approx(1 / (1 + np.exp(-2.25)))
    assert STUMPS.predict(np.zeros((0, 2))).shape == (0,)


def test_a_forest_survives_being_written() -> None:
    again = forest_of(STUMPS.arrays())
    rows = np.random.default_rng(0).normal(size=(50, 2))
    assert again.predict(rows).tolist() == STUMPS.predict(rows).tolist()


@pytest.mark.parametrize("rows", [np.zeros((1, 3)), np.zeros(2), np.array([[np.nan, 0.0]])])
def test_rows_that_it_cannot_read_are_refused(rows: np.ndarray) -> None:
    with pytest.raises(DataError):
        STUMPS.predict(rows)


@pytest.mark.parametrize(
    "wrong",
    [
        {"right": np.array([9, 1, 2, 3])},
        {"right": np.array([0, 1, 2, 3])},
        {"roots": np.array([], dtype=np.int32)},
        {"features": np.array([2, 0, 0, 0])},
        {"values": np.zeros(3)},
    ],
)
def test_a_forest_that_would_run_astray_is_refused(wrong: dict[str, np.ndarray]) -> None:
    with pytest.raises(DataError):
        forest_of({**STUMPS.arrays(), **wrong})
    with pytest.raises(DataError, match="without values"):
        forest_of({name: part for name, part in STUMPS.arrays().items() if name != "values"})
