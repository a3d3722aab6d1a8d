"""What a shop writes as a target, and how a model's outputs are read, for each task of its own tables."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind import plugins
from tradewind.errors import ConfigError
from tradewind.tasks.category import Category
from tradewind.tasks.estimators import estimator_task, options_of
from tradewind.tasks.rating import Rating


@pytest.mark.parametrize("written", ["Food > Dairy", "Food|Dairy", "Food>Dairy", " Food > Dairy "])
def test_a_path_is_read_with_any_separator(written: str) -> None:
    assert Category().parse(written) == ("Food", "Dairy")


@pytest.mark.parametrize("written", ["Food > ", " > Dairy", "Food||Dairy"])
def test_a_path_with_an_empty_level_says_so(written: str) -> None:
    with pytest.raises(ValueError, match="empty_level"):
        Category().parse(written)


@pytest.mark.parametrize(("written", "stars"), [("4", 4), ("4.0", 4), ("5 stars", 5)])
def test_stars_are_read(written: str, stars: int) -> None:
    assert Rating().parse(written) == stars


@pytest.mark.parametrize("written", ["many", "4.5", "nan", "inf"])
def test_what_is_no_number_of_stars_says_so(written: str) -> None:
    with pytest.raises(ValueError, match="not_a"):
        Rating().parse(written)


@pytest.mark.parametrize("flat", [True, False])
def test_categories_come_with_probabilities_that_add_up(flat: bool) -> None:
    config = {"classes": [["Food", "Dairy"], ["Food", "Tea"], ["Home"]], "flat": flat}
    reader = Category().reader(config)
    outputs = np.array([2.0, 1.0, 0.0, 0.5][: 3 if flat else 4], np.float32)
    answer = reader.read(outputs, "milk", 3)
    assert sum(one["probability"] for one in answer["labels"]) == pytest.approx(1.0, abs=1e-4)
    assert answer["labels"][0]["label"] == " > ".join(answer["path"])
    assert answer["levels"][0]["probability"] >= answer["levels"][-1]["probability"]


def test_stars_come_with_their_mean() -> None:
    answer = Rating().reader({"lowest": 1}).read(np.array([9, 9, 9, -9], np.float32), "good", 2)
    assert answer["labels"][0]["label"] == "4"
    assert answer["stars"] == pytest.approx(4.0, abs=0.01)


def test_every_registered_task_reads_and_says_where_it_is_learned() -> None:
    assert {"category", "rating"} <= set(plugins.names("tasks"))
    for name in plugins.names("tasks"):
        assert ":" in estimator_task(name).recipe


def test_an_unknown_task_or_option_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no task called 'catgory'"):
        estimator_task("catgory")
    with pytest.raises(ConfigError, match="no option 'flta'") as error:
        options_of({"flta": True}, ("flat",), "category")
    assert "flat" in str(error.value.hint)
