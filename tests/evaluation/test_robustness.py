"""What changes of a text cost."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest

from tradewind.evaluation.robustness import robustness

TEXTS = [f"tea {number}" for number in range(40)] + ["绿茶"] * 10


def has_tea(texts: Sequence[str], rows: np.ndarray) -> np.ndarray:
    return np.array([float("tea" in text or "茶" in text) for text in texts])


def upper(text: str, random: Random) -> str:
    return text.upper()


def slip(text: str, random: Random) -> str:
    return text.replace("tea", "tae") if random.random() < 0.5 else text


def test_a_change_costs_what_is_lost_on_the_rows_that_it_touched() -> None:
    (found,) = robustness(TEXTS, np.ones(50), has_tea, {"case": upper}, seed=13)
    assert (found.rows, found.before, found.after, found.drop.mean) == (40, 1.0, 0.0, 1.0)


def test_a_change_that_touches_nothing_is_left_out() -> None:
    assert robustness(TEXTS, np.ones(50), has_tea, {"none": lambda text, random: text}, seed=13) == ()


def test_the_same_seed_changes_the_same_rows() -> None:
    first, again, other = (robustness(TEXTS, np.ones(50), has_tea, {"slip": slip}, seed=seed)[0] for seed in (1, 1, 2))
    assert first == again
    assert first.rows != other.rows
    assert 0 < first.rows < 40


def test_no_more_rows_are_changed_than_asked() -> None:
    (found,) = robustness(TEXTS, np.ones(50), has_tea, {"case": upper}, seed=13, most=20)
    assert found.rows <= 20


def test_what_is_wrong_already_loses_nothing() -> None:
    values = np.array([1.0] * 20 + [0.0] * 30)
    (found,) = robustness(TEXTS, values, has_tea, {"case": upper}, seed=13)
    assert found.before == pytest.approx(0.5)
    assert found.drop.mean == pytest.approx(0.5)
