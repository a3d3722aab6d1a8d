from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tradewind.errors import DataError
from tradewind.tasks.click.bandit import BanditLog, greedy_policy, softmax_policy
from tradewind.tasks.click.simulated import BanditWorld


def small(**other: np.ndarray) -> BanditLog:
    told = {
        "contexts": np.zeros((2, 1)),
        "actions": np.array([0, 1]),
        "rewards": np.array([0.0, 1.0]),
        "propensities": np.array([0.5, 0.5]),
        "described": np.eye(2),
    }
    return BanditLog(**{**told, **other})


@given(arrays.arrays(np.float64, (3, 4), elements=st.floats(-50, 50)), st.floats(0, 0.2))
def test_a_softmax_policy_sums_to_one_and_keeps_its_floor(scores: np.ndarray, floor: float) -> None:
    policy = softmax_policy(scores, floor=floor)
    assert policy.sum(axis=1) == pytest.approx(np.ones(3)) and policy.min() >= floor - 1e-12


def test_a_greedy_policy_takes_the_first_best() -> None:
    assert greedy_policy(np.array([[1.0, 3.0, 3.0]])).tolist() == [[0.0, 1.0, 0.0]]


def test_a_log_reads_a_policy_at_the_action_that_was_shown() -> None:
    found = small().against(np.array([[0.2, 0.8], [0.3, 0.7]]), np.array([[1.0, 0.0], [0.0, 0.5]]))
    assert found.targets.tolist() == [0.2, 0.7]
    assert found.modelled is not None and found.modelled.tolist() == [1.0, 0.5]
    assert found.modelled_target is not None and found.modelled_target == pytest.approx([0.2, 0.35])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"actions": np.array([0, 2])}, "outside"),
        ({"propensities": np.array([0.5, 0.0])}, "propensity"),
        ({"rewards": np.array([1.0])}, "length"),
    ],
)
def test_a_log_that_cannot_be_is_refused(wrong: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(DataError, match=said):
        small(**wrong)


def test_a_policy_that_does_not_sum_to_one_is_refused() -> None:
    with pytest.raises(DataError, match="policy"):
        small().against(np.full((2, 2), 0.4))


def test_the_world_logs_the_propensities_that_it_used() -> None:
    log = BanditWorld.seeded(13).log(20_000, 1)
    # 1/p averages to the number of actions when p is the probability that was really used.
    assert np.mean(1 / log.propensities) == pytest.approx(log.choices, rel=0.05)
