from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tradewind.errors import DataError
from tradewind.tasks.click.bandit import greedy_policy
from tradewind.tasks.click.examination import Examination, from_interventions
from tradewind.tasks.click.simulated import BanditWorld, RankingWorld
from tradewind.training.click.policy import CORRECTIONS, ClickConfig, learn_attraction, learn_policy
from tradewind.training.click.reward_model import REWARD_TREES, cross_fitted
from tradewind.training.click.targets import (
    attraction_by_propensity,
    attraction_doubly_robust,
    doubly_robust_rewards,
)

QUICK = replace(REWARD_TREES, trees=40, leaves=8)
WORLD = BanditWorld.seeded(13)


def test_corrected_learning_earns_more_than_believing_the_log() -> None:
    log = WORLD.log(6000, 3)
    earned = {
        each: WORLD.value(learn_policy(log, ClickConfig(correction=each, trees=QUICK)), 4000) for each in CORRECTIONS
    }
    assert earned["inverse propensity"] > earned["none"] + 0.02
    assert earned["doubly robust"] > earned["none"] + 0.02
    assert earned["doubly robust"] < WORLD.value(lambda x: greedy_policy(x @ WORLD.tastes.T + WORLD.appeal), 4000)


def test_a_learned_policy_keeps_exploring_when_asked() -> None:
    policy = replace(learn_policy(WORLD.log(500, 3), ClickConfig("none", trees=QUICK)), exploring=0.05)
    assert policy(np.zeros((3, 4))).min() >= 0.05


def test_doubly_robust_targets_mean_the_true_rewards_though_the_model_is_nonsense() -> None:
    log = WORLD.log(40_000, 5)
    targets = doubly_robust_rewards(log, np.full((len(log), log.choices), 0.7))
    truth = [WORLD.value(lambda x, a=a: np.eye(8)[np.full(len(x), a)], 40_000) for a in range(8)]
    assert targets.mean(axis=0) == pytest.approx(truth, abs=0.06)
    with pytest.raises(DataError, match="expectations"):
        doubly_robust_rewards(log, np.zeros((1, 1)))


def test_no_row_is_judged_by_a_model_that_saw_it() -> None:
    log = WORLD.log(300, 6)
    memorising = replace(QUICK, trees=60, leaves=31, least_rows=1, learning_rate=0.5, row_share=1.0, feature_share=1.0)
    noise = replace(log, rewards=np.random.default_rng(0).integers(0, 2, len(log)).astype(float))
    expected = cross_fitted(noise, config=memorising)[np.arange(len(log)), log.actions]
    assert abs(np.corrcoef(expected, noise.rewards)[0, 1]) < 0.2


def test_position_bias_is_undone_and_the_naive_model_learns_the_old_ranker() -> None:
    world = RankingWorld.seeded(13)
    shown = world.log(2500, 5, shuffled=0.1)
    examination = from_interventions(shown)
    error = {}
    for each in CORRECTIONS:
        model = learn_attraction(shown, world.features, examination, ClickConfig(each, trees=QUICK))
        error[each] = float(np.sqrt(np.mean((model.predict(world.features) - world.relevance) ** 2)))
    assert error["inverse propensity"] < 0.6 * error["none"]
    assert error["doubly robust"] < 0.6 * error["none"]


def test_targets_average_to_the_attraction_at_every_position() -> None:
    world = RankingWorld.seeded(13)
    shown = world.log(20_000, 8, shuffled=1.0)
    known = Examination(world.looked_at, np.ones(8, dtype=np.int64))
    by_propensity = attraction_by_propensity(shown, known)
    robust = attraction_doubly_robust(shown, known, np.full(len(shown), 0.9))
    wanted = np.array([world.relevance[shown.items[shown.positions == k]].mean() for k in range(8)])
    for_each = np.bincount(shown.positions, weights=by_propensity) / np.bincount(shown.positions)
    assert for_each == pytest.approx(wanted, abs=0.06)
    assert robust.mean() == pytest.approx(wanted.mean(), abs=0.02)
    assert np.var(robust) < np.var(by_propensity)
