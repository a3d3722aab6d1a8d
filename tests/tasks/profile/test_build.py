from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.features.price_band import PriceBands
from tradewind.data.records import Event, EventType, Item
from tradewind.settings.sensitive import default_sensitivity
from tradewind.tasks.profile.build import ProfileConfig, Shelf, build_profile
from tradewind.tasks.profile.tags import Deletions, Tag

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ITEMS = {
    item.id: item
    for item in (
        Item("sencha", "Sencha", category=("Food", "Tea"), brand="Mist", price=9.0, currency="EUR"),
        Item("assam", "Assam", category=("Food", "Tea"), brand="Clear", price=3.0, currency="EUR"),
        Item("pot", "Glass pot", category=("Kitchen", "Pots"), brand="Clear", price=20.0, currency="EUR"),
        Item("dress", "Summer dress", category=("Women", "Dresses"), brand="Lin"),
        Item("test", "Ovulation kit", category=("Personal", "Kits"), brand="Secretive"),
        Item("pills", "White box", category=("Pharmacy", "Pain relief"), brand="Curewell"),
    )
}
BANDS = PriceBands({"Food > Tea|EUR": (4.0, 8.0)})
SHELF = Shelf(ITEMS, BANDS, {"sencha": 0, "assam": 0, "pot": 1, "test": 2, "pills": 2}, np.eye(3))
HISTORY = [("sencha", -45), ("assam", 0), ("pot", -90), ("dress", -1), ("test", -2), ("pills", -3), ("gone", 0)]


def events(rows: list[tuple[str, float]] = HISTORY, kind: EventType = EventType.PURCHASE) -> list[Event]:
    return [
        Event(f"e{n}", kind, NOON + timedelta(days=days), user="u", item=item, basket=f"b{n}", value=12.0)
        for n, (item, days) in enumerate(rows)
    ]


def test_interests_are_shares_aged_by_the_half_life() -> None:
    found = build_profile(events([("sencha", -45), ("pot", -45), ("assam", 0)]), SHELF).of_kind("category")
    assert found == {"Food > Tea": pytest.approx(0.75), "Kitchen > Pots": pytest.approx(0.25)}
    assert list(found) == ["Food > Tea", "Kitchen > Pots"]


def test_every_tag_names_the_events_it_came_from_and_adds_up_from_them() -> None:
    log = events()
    known = {e.event_id: e for e in log}
    profile = build_profile(log, SHELF)
    assert {tag.kind for tag in profile.tags} == {"category", "brand", "price_band", "recency", "frequency", "value"}
    for tag in profile.tags:
        assert tag.evidence and all(known[e.event_id].time == e.time for e in tag.evidence)
        assert [e.time for e in tag.evidence] == sorted((e.time for e in tag.evidence), reverse=True)
    for kind in ("category", "brand", "price_band"):
        mine = [tag for tag in profile.tags if tag.kind == kind]
        total = sum(e.weight for tag in mine for e in tag.evidence)
        assert [tag.weight for tag in mine] == pytest.approx([sum(e.weight for e in t.evidence) / total for t in mine])


def test_a_rhythm_that_was_deleted_does_not_come_back_under_other_words() -> None:
    early, late = events([("sencha", 0)]), events([("sencha", 0), ("assam", 40), ("pot", 41)])
    (tag,) = [tag for tag in build_profile(early, SHELF).tags if tag.kind == "frequency"]
    gone = Deletions().with_tag(tag.id)
    kinds = {tag.kind for tag in build_profile(late, SHELF, gone).tags}
    assert {tag.value for tag in build_profile(late, SHELF).tags if tag.kind == "frequency"} != {tag.value}
    assert "frequency" not in kinds
    assert {"recency", "value"} <= kinds


def test_price_bands_recency_frequency_and_value_are_in_words() -> None:
    profile = build_profile(events([("sencha", -20), ("assam", -10)]), SHELF, at=NOON)
    assert list(profile.of_kind("price_band")) == ["low", "high"]
    assert profile.of_kind("recency") == {"within a month": 10.0}
    assert profile.of_kind("frequency") == {"now and then": 2.0}
    assert list(profile.of_kind("value")) == ["about 10 a basket"]


def test_a_deleted_tag_stays_deleted_however_often_the_profile_is_built_and_whatever_is_bought() -> None:
    gone = Deletions().with_tag("category:FOOD > tea")
    again = Deletions.of(json.loads(json.dumps(gone.as_json())))
    log = events()
    for _ in range(3):
        log = [*log, replace(events([("sencha", 1)])[0], event_id=f"new{len(log)}")]
        profile = build_profile(log, SHELF, again)
        assert "Food > Tea" not in profile.of_kind("category")
        assert sum(profile.of_kind("category").values()) == pytest.approx(1.0)
        assert profile.vector is not None and profile.vector[0] == 0.0  # nor does it live on in the vector
    assert "Food > Tea" in build_profile(log, SHELF, again.without_tag("category:Food > Tea")).of_kind("category")


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_each_tag_of_any_profile_can_be_deleted(data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.tuples(st.sampled_from(sorted(ITEMS)), st.integers(-200, 0)), min_size=1, max_size=12))
    profile = build_profile(events(rows), SHELF)
    for tag in profile.tags:
        rebuilt = build_profile(events(rows), SHELF, Deletions().with_tag(tag.id))
        assert tag.id not in {each.id for each in rebuilt.tags}


def test_sensitive_items_leave_no_trace_in_tags_or_vector_and_are_counted() -> None:
    profile = build_profile(events(), SHELF)
    assert profile.withheld == 2
    said = " ".join(tag.value for tag in profile.tags)
    assert not any(word in said for word in ("Kits", "Secretive", "Pharmacy", "Pain", "Curewell", "Women"))
    assert "Dresses" in profile.of_kind("category")
    assert profile.vector is not None and profile.vector[2] == 0.0
    assert all(default_sensitivity().allows(tag.value) for tag in profile.tags)


def test_the_order_of_the_log_makes_no_difference() -> None:
    log = events()
    mixed = random.Random(0).sample(log, len(log))
    assert build_profile(mixed, SHELF).as_json() == build_profile(log, SHELF).as_json()


class Guess:
    def __init__(self) -> None:
        self.read: list[str | None] = []

    def tags(self, events: list[Event]) -> list[Tag]:
        self.read = [event.item for event in events]
        return [Tag("predicted", "age: 45-54", 0.8), Tag("predicted", "pregnant: soon", 0.9)]


def test_predicted_attributes_are_off_until_asked_for_and_never_sensitive() -> None:
    assert not build_profile(events(), SHELF, predictors=[Guess()]).of_kind("predicted")
    on = ProfileConfig(predict=True)
    assert build_profile(events(), SHELF, config=on, predictors=[Guess()]).of_kind("predicted") == {"age: 45-54": 0.8}
    for taken_back in ("predicted:age", "predicted:Age: 45-54", "predicted:age: 19-24"):
        gone = Deletions().with_tag(taken_back)
        assert not build_profile(events(), SHELF, gone, on, [Guess()]).of_kind("predicted"), "not under another band"
    other = Deletions().with_tag("predicted:ag")
    assert build_profile(events(), SHELF, other, on, [Guess()]).of_kind("predicted")


def test_a_guess_reads_nothing_of_a_sensitive_item_nor_of_a_deleted_tag() -> None:
    guess, on = Guess(), ProfileConfig(predict=True)
    build_profile(events(), SHELF, config=on, predictors=[guess])
    assert sorted(set(filter(None, guess.read))) == ["assam", "dress", "pot", "sencha"]
    build_profile(events(), SHELF, Deletions().with_tag("brand:Clear"), on, [guess])
    assert sorted(set(filter(None, guess.read))) == ["dress", "sencha"]


def test_nobody_and_nothing_wanted_make_no_tags() -> None:
    assert build_profile([], SHELF).tags == ()
    assert build_profile(events(kind=EventType.IMPRESSION), SHELF).tags == ()
    assert build_profile(events(), Shelf({})).of_kind("category") == {}


def test_the_profile_reads_as_json() -> None:
    told = json.loads(json.dumps(build_profile(events(), SHELF).as_json()))
    first = told["tags"][0]
    assert first["id"] == f"{first['kind']}:{first['value']}"
    assert {"event", "time", "item"} == set(first["evidence"][0])
