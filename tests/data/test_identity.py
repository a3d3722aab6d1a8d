from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.identity import SeenRows, body_digests, derived_ids
from tradewind.data.records import EVENT_SCHEMA, Event, EventType
from tradewind.data.store.online import to_columns

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEY = bytes(32)
NUMBER = st.one_of(st.none(), st.floats(0, 1e6), st.just(-0.0))
WORD = st.one_of(st.none(), st.text(min_size=1, max_size=4))
EVENT = st.builds(
    Event, st.just("e"), st.sampled_from(list(EventType)), st.just(NOW), user=WORD, item=WORD, query=WORD, value=NUMBER,
    quantity=NUMBER, position=st.one_of(st.none(), st.integers(0, 9)),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=5))
def test_bodies_are_equal_exactly_when_their_digests_are_alone_or_together(events: list[Event]) -> None:
    together = body_digests(to_columns(events))
    assert together == [body_digests(to_columns([event]))[0] for event in events]
    for one, first in zip(events, together, strict=True):
        for other, second in zip(events, together, strict=True):
            assert (first == second) == (one == other)


def columns(times: list[datetime], items: list[str]) -> dict[str, pa.Array]:
    return {
        "type": pa.array(["view"] * len(items)),
        "time": pa.array(times, EVENT_SCHEMA.field("time").type),
        "item": pa.array(items),
    }


def test_an_id_depends_on_content_and_on_how_often_it_came_before_and_not_on_the_batch() -> None:
    rows = columns([NOW] * 5, ["a", "b", "a", "a", "b"])
    whole = derived_ids(rows, SeenRows(), KEY)
    seen = SeenRows()
    pieces = [
        derived_ids({name: column.slice(start, size) for name, column in rows.items()}, seen, KEY)
        for start, size in ((0, 2), (2, 1), (3, 2))
    ]
    assert [event_id for piece in pieces for event_id in piece] == whole
    assert len(set(whole)) == 5


def test_ids_sort_by_time_and_are_not_to_be_guessed_without_the_stores_secret() -> None:
    rows = columns([NOW + timedelta(hours=hour) for hour in range(3)], ["c", "b", "a"])
    ids = derived_ids(rows, SeenRows(), KEY)
    assert ids == sorted(ids)
    assert not set(ids) & set(derived_ids(rows, SeenRows(), b"1" * 32))


@given(st.lists(st.lists(st.integers(0, 4), max_size=12), max_size=5))
def test_rows_seen_before_are_counted_over_all_batches(batches: list[list[int]]) -> None:
    seen, before = SeenRows(), [0] * 5
    for batch in batches:
        wanted = []
        for word in batch:
            wanted.append(before[word])
            before[word] += 1
        assert seen.count(np.array(batch, dtype=np.uint64)).tolist() == wanted
