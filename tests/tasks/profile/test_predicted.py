from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tradewind.data.features.shopping_habits import HABITS
from tradewind.data.records import Event, EventType, Item
from tradewind.errors import ArtefactError, ConfigError
from tradewind.tasks.profile.predicted import (
    BandModel,
    BandPredictor,
    category_of,
    read_band_model,
    require_harmless,
)

REFUSED = [
    ("pregnancy", ("yes", "no")),
    ("sex", ("f", "m")),
    ("gender", ("one", "other")),
    ("religion", ("a", "b")),
    ("health status", ("good", "poor")),
    ("kids_count", ("0", "1")),
    ("household_comp", ("1 Adult Kids", "2 Adults")),
    ("has children", ("yes", "no")),
    ("age", ("0-17", "18-34")),
    ("age", ("under 18", "18+")),
    ("age", ("under 35", "35+")),
    ("age", ("12-15", "16-19")),
    ("age", ("young", "old")),
    ("年龄", ("16-25", "26-40")),
    ("怀孕", ("是", "否")),
    ("宗教", ("甲", "乙")),
    ("性别", ("甲", "乙")),
    ("人群", ("男", "女")),
    ("segment", ("women", "men")),
    ("segment", ("diabetic", "other")),
    ("teen_score", ("low", "high")),
]


@pytest.mark.parametrize(("attribute", "bands"), REFUSED)
def test_no_model_of_a_sensitive_attribute_can_exist(attribute: str, bands: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="never predicted"):
        model(attribute, bands)


@pytest.mark.parametrize(
    ("attribute", "bands"),
    [("age", ("19-24", "25-34", "65+")), ("income", ("Under 15K", "250K+")), ("household size", ("1", "5+")),
     ("年龄", ("18-25", "26-40"))],
)  # fmt: skip
def test_harmless_bands_pass(attribute: str, bands: tuple[str, ...]) -> None:
    require_harmless(attribute, bands)


def model(attribute: str = "income", bands: tuple[str, ...] = ("low", "high")) -> BandModel:
    columns = (*HABITS, "tea", "wine")
    weights = np.zeros((len(columns), len(bands)))
    weights[-1, -1], weights[-1, 0] = 0.4, -0.4
    width = len(columns)
    return BandModel(attribute, bands, columns, np.zeros(width), np.ones(width), weights, np.full(len(bands), 0.5))


def bought(*items: str) -> list[Event]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Event(f"e{n}", EventType.PURCHASE, start + timedelta(days=n), user="u", item=item, basket=f"b{n}", value=5.0)
        for n, item in enumerate(items)
    ]


def test_a_guess_says_its_probability_its_reason_and_its_events() -> None:
    (tag,) = BandPredictor(model(), {"t": 0, "w": 1}).tags(bought("w", "w", "unknown"))
    assert (tag.kind, tag.value, tag.why) == ("predicted", "income: high", "much wine")
    assert tag.note == "a guess from 2 purchases, and not something that you told; what spoke most for it: much wine"
    assert tag.weight == pytest.approx(0.9) and [e.event_id for e in tag.evidence] == ["e1", "e0"]


def test_probabilities_are_some_even_far_out() -> None:
    chances = model().probabilities(np.full((1, len(HABITS) + 2), 100.0))
    assert chances.sum() == pytest.approx(1.0) and chances.min() > 0


def test_an_unsure_guess_and_a_stranger_make_no_tag() -> None:
    predictor = BandPredictor(model(), {"t": 0, "w": 1}, least_probability=0.95)
    assert predictor.tags(bought("w")) == () and predictor.tags([]) == ()


def test_a_model_is_read_as_it_was_saved(tmp_path: Path) -> None:
    found = read_band_model(model().save(tmp_path / "m"))
    assert (found.attribute, found.bands, found.keys) == ("income", ("low", "high"), ("tea", "wine"))
    before, after = (BandPredictor(each, {"t": 0, "w": 1}).tags(bought("w", "t")) for each in (model(), found))
    assert before == after


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attribute", "pregnancy"),
        ("bands", ["women", "men"]),
        ("bands", ["low"]),
        ("columns", ["a"] * 14),
        ("bands", 3),
    ],
)
def test_a_model_that_was_tampered_with_is_refused(tmp_path: Path, name: str, value: object) -> None:
    folder = model().save(tmp_path / "m")
    facts = json.loads((folder / "bands.json").read_text())
    (folder / "bands.json").write_text(json.dumps(facts | {name: value}))
    with pytest.raises(ArtefactError):
        read_band_model(folder)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_band_model(tmp_path)


def test_a_purchase_counts_under_two_levels_and_a_sensitive_one_under_none() -> None:
    assert category_of(Item("1", "Sencha", category=("Food", "Tea", "Green"))) == "Food > Tea"
    assert category_of(Item("1", "Dress", category=("Women", "Clothing", "Dresses"))) == "Clothing > Dresses"
    assert category_of(Item("1", "Sencha")) is None
    assert category_of(Item("1", "Prenatal tea", category=("Food", "Tea"))) is None
    assert category_of(Item("1", "Socks", category=("Kids", "Socks"))) is None
