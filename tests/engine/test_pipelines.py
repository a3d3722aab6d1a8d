from __future__ import annotations

import importlib
import pkgutil
from dataclasses import is_dataclass, replace

import pytest

from tradewind.engine import components
from tradewind.engine.components.alongside import Alongside
from tradewind.engine.pipeline import Pipeline
from tradewind.engine.pipelines import DEFAULTS, browse_pipeline, search_pipeline, surface_pipelines
from tradewind.engine.requests import SURFACES

RECIPES = {"search": search_pipeline(), "browse": browse_pipeline(), **surface_pipelines()}


def parts_of(recipe: Pipeline) -> list[object]:  # type: ignore[type-arg]
    found: list[object] = []
    for component in recipe.components:
        found.append(component)
        if isinstance(component, Alongside):
            found += [*parts_of(component.main), *parts_of(component.aside)]
    return found


def test_every_surface_has_a_recipe_of_its_name() -> None:
    assert set(surface_pipelines()) == set(SURFACES)


@pytest.mark.parametrize("name", RECIPES)
def test_every_component_is_a_frozen_config_that_prints_and_hashes(name: str) -> None:
    for part in parts_of(RECIPES[name]):
        assert is_dataclass(part) and part.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert hash(part) == hash(replace(part))  # type: ignore[type-var]
        assert repr(part).startswith(type(part).__name__)


def test_every_component_is_used_in_some_recipe() -> None:
    used = {type(part).__module__ for recipe in RECIPES.values() for part in parts_of(recipe)}
    known = {f"{components.__name__}.{found.name}" for found in pkgutil.iter_modules(components.__path__)}
    assert known - used == set()
    assert all(importlib.import_module(name).__doc__ for name in known)


def test_a_recipe_can_be_printed_with_its_settings() -> None:
    told = search_pipeline(replace(DEFAULTS, lexical_window=77)).describe()
    assert told["name"] == "search" and "lexical_window" not in str(told) and "window=77" in str(told)


def test_equal_settings_make_equal_recipes() -> None:
    assert search_pipeline() == search_pipeline(DEFAULTS)
    assert search_pipeline(replace(DEFAULTS, vector_weight=3.0)) != search_pipeline()
