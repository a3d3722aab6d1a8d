"""Each feature by hand on one small history, and the same numbers offline and online for everybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.features.purchase import (
    FEATURES,
    OWN,
    Asked,
    Lines,
    Population,
    lines_of_person,
    past_of,
    population_of,
    purchase_features,
)
from tradewind.data.features.purchase.text import Texts, reach_of_texts, text_features
from tradewind.data.records import EVENT_SCHEMA, Event, EventType
from tradewind.tasks.purchase.questions import lines_of_events

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY0 = START.timestamp() / 86_400
KEY_OF = {"tea": 0, "cup": 1, "pot": 2}


def bought(number: int, person: str, item: str, day: float, basket: str | None, value: float = 2.0) -> Event:
    when = START + timedelta(seconds=round(day * 86_400))
    return Event(f"e{number}", EventType.PURCHASE, when, user=person, item=item, basket=basket, value=value)


EVENTS = [
    bought(1, "ann", "tea", 0, "a"),
    bought(2, "ann", "tea", 0, "a", 3.0),
    bought(3, "ann", "cup", 0, "a"),
    bought(4, "ann", "tea", 10, "b"),
    bought(5, "ann", "pot", 30, "c", 20.0),
    bought(6, "bob", "tea", 31, None),
    bought(7, "ann", "tea", 41, "d"),
]


def named(day: float, key: str) -> dict[str, float]:
    lines = lines_of_person([e for e in EVENTS if e.user == "ann"], KEY_OF)
    past = past_of(lines, Asked(np.array([0]), np.array([KEY_OF[key]]), DAY0 + day))
    row = purchase_features(past, Population(np.full(3, 0.5), np.full(3, 0.25)))[0]
    return dict(zip(FEATURES, row.tolist(), strict=True))


def test_every_feature_of_a_worked_history() -> None:
    found = named(40, "tea")  # baskets a and b held tea, c did not; d lies after the moment
    assert found["days_since"] == pytest.approx(np.log1p(30))
    assert found["times"] == pytest.approx(np.log1p(2))
    assert found["times_lately"] == 0.0
    assert found["decayed_times"] == pytest.approx(np.log(0.01 + 0.5 ** (40 / 14) + 0.5 ** (30 / 14)))
    assert found["decayed_slowly"] == pytest.approx(np.log(0.01 + 0.5 ** (40 / 60) + 0.5 ** (30 / 60)))
    assert found["share_of_trips"] == pytest.approx(2 / 3)
    assert found["interval"] == pytest.approx(np.log1p(10))
    assert found["overdue"] == pytest.approx(31 / 11)
    assert found["spend"] == pytest.approx(np.log1p(7))
    assert found["spend_of_person"] == pytest.approx(np.log1p(20))
    assert found["trips_lately"] == pytest.approx(np.log1p(1))
    assert found["trips_last_week"] == 0.0
    assert found["days_since_trip"] == pytest.approx(np.log1p(10))
    assert found["reach"] == pytest.approx(np.log(0.5001))
    assert found["again"] == 0.25


def test_somebody_new_has_never_bought() -> None:
    found = named(0, "tea")
    assert found["days_since"] == found["days_since_trip"] == pytest.approx(np.log1p(400))
    assert found["times"] == found["share_of_trips"] == 0.0


def test_nothing_at_or_after_the_moment_is_seen() -> None:
    cut = [e for e in EVENTS if e.time < START + timedelta(days=41)]
    lines = lines_of_person([e for e in cut if e.user == "ann"], KEY_OF)
    past = past_of(lines, Asked(np.array([0]), np.array([0]), DAY0 + 41))
    own = [feature(past)[0] for feature in OWN.values()]
    assert own == [named(41, "tea")[name] for name in OWN]


def test_the_population_counts_people_and_not_lines() -> None:
    lines = _offline(EVENTS)[0]
    found = population_of(lines, DAY0 + 32, 3)
    assert found.reach.tolist() == [1.0, 0.0, 0.5]  # ann bought tea 22 days ago, bob one day ago; the cup is too old
    assert found.again == pytest.approx([(1 + 0.5) / 7, 0.5 / 6, 0.5 / 6])


def _offline(events: list[Event]) -> tuple[Lines, list[str]]:
    rows = [{name: getattr(e, name) for name in EVENT_SCHEMA.names} | {"type": e.type.value} for e in events]
    table = pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)
    keys, numbers = pa.array(list(KEY_OF)), pa.array(list(KEY_OF.values()), pa.int64())
    lines, people = lines_of_events(table, keys, numbers)
    return lines, people.to_pylist()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob", "cy"]),
            st.sampled_from(["tea", "cup", "pot", "unknown"]),
            st.integers(0, 90 * 24),
            st.sampled_from(["x", "y", None]),
            st.integers(-3, 40),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_offline_and_online_give_the_same_numbers(rows: list[tuple[str, str, int, str | None, int]]) -> None:
    events = [
        bought(n, who, item, hours / 24, basket, value) for n, (who, item, hours, basket, value) in enumerate(rows)
    ]
    lines, people = _offline(events)
    if not people:
        return
    day, count = DAY0 + 60, len(people)
    population = population_of(lines, day, 3)
    texts = _texts(lines)
    pairs = Asked(np.repeat(np.arange(count), 3), np.tile(np.arange(3), count), day)
    past = past_of(lines, pairs)
    offline = np.hstack([purchase_features(past, population), text_features(past, texts)]).reshape(count, 3, -1)
    for number, person in enumerate(people):
        mine = lines_of_person([e for e in events if e.user == person], KEY_OF)
        one = past_of(mine, Asked(np.zeros(3, dtype=np.int64), np.arange(3), day))
        online = np.hstack([purchase_features(one, population), text_features(one, texts)])
        assert online == pytest.approx(offline[number], rel=1e-12, abs=1e-12)


def _texts(lines: Lines) -> Texts:
    of_key, vectors = np.array([0, 1, 1]), np.array([[1.0, 0.0], [0.6, 0.8]])
    return Texts(of_key, vectors, reach_of_texts(lines.keys, of_key, vectors))


def test_an_item_never_bought_is_known_by_its_text() -> None:
    lines = lines_of_person(EVENTS[:5], KEY_OF)
    asked = Asked(np.zeros(2, dtype=np.int64), np.array([3, 4]), DAY0 + 30)
    vectors = np.array([[1.0, 0.0], [0.0, 1.0]])
    texts = Texts(np.array([0, 0, 0, 0, 1]), vectors, np.zeros(2))
    affinity, taste, _ = text_features(past_of(lines, asked), texts).T
    assert affinity[0] > affinity[1] + 3 and taste.tolist() == [1.0, 0.0]
