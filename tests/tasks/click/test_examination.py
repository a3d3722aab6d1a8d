from __future__ import annotations

import numpy as np
import pytest

from tradewind.errors import DataError
from tradewind.tasks.click.examination import from_interventions, from_randomised
from tradewind.tasks.click.impressions import Impressions
from tradewind.tasks.click.simulated import RankingWorld

WORLD = RankingWorld.seeded(13)


def test_random_order_gives_the_examination_back() -> None:
    found = from_randomised(WORLD.log(6000, 1, shuffled=1.0))
    assert found.probabilities == pytest.approx(WORLD.looked_at, abs=0.05)
    assert found.clicks[0] > found.clicks[-1] > 0


def test_rankings_that_differ_a_little_give_it_back_too() -> None:
    log = WORLD.log(6000, 2, shuffled=0.1)
    assert from_interventions(log).probabilities == pytest.approx(WORLD.looked_at, abs=0.07)
    assert from_interventions(log, log.requests % 2).probabilities == pytest.approx(WORLD.looked_at, abs=0.1)


def test_a_ranker_that_orders_by_worth_fools_click_rates_but_not_the_harvest() -> None:
    random = np.random.default_rng(0)
    worth = random.beta(2, 6, 200)
    shown = np.stack([random.choice(200, 4, replace=False) for _ in range(8000)])
    order = np.argsort(-(worth[shown] + 0.15 * random.normal(size=shown.shape)), axis=1)
    shown = np.take_along_axis(shown, order, axis=1)
    looked = np.array([1.0, 0.7, 0.5, 0.4])
    clicks = random.random(shown.shape) < looked * worth[shown]
    log = Impressions(np.repeat(np.arange(8000), 4), shown.reshape(-1), np.tile(np.arange(4), 8000), clicks.reshape(-1))
    assert np.abs(from_randomised(log).probabilities - looked).max() > 0.12
    assert from_interventions(log).probabilities == pytest.approx(looked, abs=0.06)


def log_of(items: list[int], positions: list[int], clicks: list[bool]) -> Impressions:
    rows = np.arange(len(items))
    return Impressions(rows, np.array(items), np.array(positions), np.array(clicks))


def test_what_never_moved_cannot_be_told_apart() -> None:
    with pytest.raises(DataError, match="two positions"):
        from_interventions(log_of([0, 1], [0, 1], [True, True]))


def test_positions_that_share_no_item_with_the_top_are_named() -> None:
    with pytest.raises(DataError, match="positions 2, 3"):
        from_interventions(log_of([0, 0, 1, 1], [0, 1, 2, 3], [True] * 4))


def test_a_top_without_clicks_teaches_nothing() -> None:
    log = log_of([0, 0], [0, 1], [False, True])
    for learn in (from_randomised, from_interventions):
        with pytest.raises(DataError, match="never clicked"):
            learn(log)


def test_a_deeper_position_takes_the_last_known_figure_and_never_less_than_the_floor() -> None:
    found = from_randomised(WORLD.log(2000, 1, shuffled=1.0))
    assert found.of(np.array([99]))[0] == found.of(np.array([7]))[0]
    assert found.of(np.array([7]), floor=0.5)[0] == 0.5
