"""A search looks around the run's own settings, within what shop.yaml allows and the method takes."""

from __future__ import annotations

from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from pydantic import ValidationError

from tradewind.errors import ConfigError
from tradewind.settings import EstimatorSettings, LearnSettings, SearchSettings
from tradewind.training.estimator_plan import plan_of
from tradewind.training.search.space import Space, block_of, settings_with, space_of

EXAMPLES = {"source": {"path": "a.csv"}, "text": "a", "target": "b"}


def own(**settings: Any) -> EstimatorSettings:
    return EstimatorSettings.model_validate({"task": "category", "examples": EXAMPLES, **settings})


def space(settings: EstimatorSettings, **search: Any) -> Space:
    plan = plan_of(LearnSettings(threads=1), settings, 400)
    return space_of(SearchSettings.model_validate(search), settings, plan, blocks=2, depth=6)


def test_the_defaults_lie_within_the_ranges_around_them() -> None:
    settings = own(method="lora", learning_rate=2e-4)
    found = space(settings)
    rate, blocks, rank = (found.ranges[name] for name in ("learning_rate", "blocks", "method_options.rank"))
    assert isinstance(rate, FloatDistribution)
    assert isinstance(blocks, IntDistribution)
    assert isinstance(rank, CategoricalDistribution)
    assert rate.log
    assert rate.low < 2e-4 < rate.high
    assert (blocks.low, blocks.high) == (1, 4)
    assert rank.choices == (8, 16, 32)
    assert set(found.usual) == set(found.ranges)


def test_shop_yaml_narrows_the_ranges_and_the_defaults_outside_are_left_out() -> None:
    found = space(own(), learning_rate=[1e-2, 1e-1], batch_size=[4, 8], blocks=[2, 99], max_steps=[5, 5])
    blocks = found.ranges["blocks"]
    assert isinstance(blocks, IntDistribution)
    assert (blocks.low, blocks.high) == (2, 6)
    assert "learning_rate" not in found.usual
    assert "batch_size" not in found.usual
    assert found.usual["blocks"] == 2


@pytest.mark.parametrize(
    ("settings", "search", "says"),
    [
        ({"method": "lora"}, {"method_options": {"rnak": [2]}}, "did you mean 'rank'"),
        ({"method": "lora"}, {"method_options": {"rank": [4, 0]}}, "greater than or equal to 1"),
        ({"method": "head"}, {"blocks": [1, 2]}, "decides itself"),
    ],
)
def test_what_the_method_does_not_take_is_told_before_anything_is_learned(
    settings: dict[str, Any], search: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        space(own(**settings), **search)


@pytest.mark.parametrize(
    "search",
    [{"learning_rate": [1e-3, 1e-5]}, {"learning_rate": [0, 1]}, {"dropout": [0.1]}, {"batch_size": []}, {"rate": []}],
)
def test_ranges_that_are_none_are_refused(search: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SearchSettings.model_validate(search)


def test_a_block_for_shop_yaml_is_what_the_run_was_given() -> None:
    settings = own(method="lora", method_options={"alpha": 8})
    values = {"learning_rate": 1.23456e-4, "batch_size": 16, "method_options.rank": 4}
    block = block_of(settings, values)
    assert block == {"learning_rate": 1.23e-4, "batch_size": 16, "method_options": {"alpha": 8, "rank": 4}}
    assert settings_with(settings, values) == own(method="lora", **block)
