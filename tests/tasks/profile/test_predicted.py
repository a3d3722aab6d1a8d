from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tradewind.data.features.shopping_habits import HABITS
from tradewind.data.records import Event, EventType
from tradewind.errors import ConfigError
from tradewind.tasks.profile.predicted import BandModel, BandPredictor, require_harmless

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
    (tag,) = BandPredictor(model(), ("tea", "wine"), {"t": 0, "w": 1}).tags(bought("w", "w", "unknown"))
    assert (tag.kind, tag.value, tag.why) == ("predicted", "income high", "much wine")
    assert tag.weight == pytest.approx(0.9) and [e.event_id for e in tag.evidence] == ["e1", "e0"]


def test_probabilities_are_some_even_far_out() -> None:
    chances = model().probabilities(np.full((1, len(HABITS) + 2), 100.0))
    assert chances.sum() == pytest.approx(1.0) and chances.min() > 0


def test_an_unsure_guess_and_a_stranger_make_no_tag() -> None:
    predictor = BandPredictor(model(), ("tea", "wine"), {"t": 0, "w": 1}, least_probability=0.95)
    assert predictor.tags(bought("w")) == () and predictor.tags([]) == ()
