"""What a search tries: ranges around the run's own settings, narrowed or widened by `learn.search`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from tradewind.errors import ConfigError
from tradewind.settings import EstimatorSettings, SearchSettings
from tradewind.training.plan import Plan
from tradewind.training.tuning import method

OPTION: Final = "method_options."
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Space:
    """The ranges by setting, and the run's own settings where they lie within."""

    ranges: Mapping[str, BaseDistribution]
    usual: Values


def space_of(search: SearchSettings, settings: EstimatorSettings, plan: Plan, blocks: int, depth: int) -> Space:
    """Returns what is tried around `plan`, whose run moves `blocks` of an encoder's `depth`.

    Raises ConfigError for an option that the method does not take, or a value that is wrong for it.
    """
    ranges = _ranges(search, plan) | _reach(search, settings, blocks, depth) | _options(search, settings, depth)
    own = {
        "learning_rate": plan.learning_rate,
        "weight_decay": plan.weight_decay,
        "dropout": plan.dropout,
        "batch_size": plan.batch_size,
        "max_steps": plan.steps,
        "blocks": blocks,
    } | {f"{OPTION}{name}": value for name, value in _own_options(settings).items()}
    return Space(
        ranges, {name: own[name] for name, found in ranges.items() if name in own and _within(found, own[name])}
    )


def settings_with(settings: EstimatorSettings, values: Values) -> EstimatorSettings:
    """Returns the settings with `values` in their place, as they would stand in shop.yaml."""
    return EstimatorSettings.model_validate(settings.model_dump() | block_of(settings, values))


def block_of(settings: EstimatorSettings, values: Values) -> dict[str, Any]:
    """Returns `values` as the lines of an estimator's block; numbers have three digits, in a run as on paper."""
    plain = {name: _rounded(value) for name, value in values.items() if not name.startswith(OPTION)}
    options = {name.removeprefix(OPTION): _rounded(value) for name, value in values.items() if name.startswith(OPTION)}
    return plain | ({"method_options": settings.method_options | options} if options else {})


def _ranges(search: SearchSettings, plan: Plan) -> dict[str, BaseDistribution]:
    rate, size, steps = plan.learning_rate, plan.batch_size, plan.steps
    return {
        "learning_rate": _logarithmic(search.learning_rate or [rate / 10, rate * 10]),
        "weight_decay": _logarithmic(search.weight_decay or [1e-4, 0.3]),
        "dropout": FloatDistribution(*(search.dropout or (0.0, 0.3))),
        "batch_size": CategoricalDistribution(search.batch_size or sorted({max(2, size // 2), size, size * 2})),
        "max_steps": _whole_logarithmic(search.max_steps or [max(1, steps // 2), steps * 2]),
    }


def _logarithmic(ends: list[float]) -> FloatDistribution:
    return FloatDistribution(ends[0], ends[1], log=True)


def _whole_logarithmic(ends: list[int]) -> IntDistribution:
    return IntDistribution(ends[0], ends[1], log=True)


def _reach(search: SearchSettings, settings: EstimatorSettings, blocks: int, depth: int) -> dict[str, BaseDistribution]:
    """How many blocks move, where the method leaves that open."""
    tuning = method(settings.method, settings.method_options)
    if tuning.moving(depth, 1) == tuning.moving(depth, depth):
        if search.blocks:
            raise ConfigError(f"learn.search.blocks: {settings.method} decides itself how many blocks move")
        return {}
    low, high = search.blocks or (1, 2 * blocks)
    return {"blocks": IntDistribution(min(low, depth), min(high, depth))}


def _options(search: SearchSettings, settings: EstimatorSettings, depth: int) -> dict[str, BaseDistribution]:
    own = _own_options(settings)
    found: dict[str, BaseDistribution] = {}
    if "rank" in own:
        found["rank"] = CategoricalDistribution(sorted({max(1, own["rank"] // 2), own["rank"], own["rank"] * 2}))
    if "layers" in own:
        found["layers"] = IntDistribution(1, min(depth, 2 * own["layers"]))
    for name, values in search.method_options.items():
        for value in values:
            method(settings.method, settings.method_options | {name: value})
        found[name] = CategoricalDistribution(values)
    return {f"{OPTION}{name}": one for name, one in found.items()}


def _own_options(settings: EstimatorSettings) -> dict[str, Any]:
    made = method(settings.method, settings.method_options)
    return {name: getattr(made, name) for name in getattr(made, "__dataclass_fields__", {})}


def _within(found: BaseDistribution, value: Any) -> bool:
    if isinstance(found, CategoricalDistribution):
        return value in found.choices
    return isinstance(found, FloatDistribution | IntDistribution) and found.low <= value <= found.high


def _rounded(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, float) else value
