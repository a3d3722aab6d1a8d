from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tradewind.data.records import EVENT_SCHEMA, ITEM_SCHEMA, Event, EventType, Item
from tradewind.data.store import Store
from tradewind.errors import ConfigError, NotFoundError, StoreError

NOW = datetime(2026, 1, 2, 10, tzinfo=UTC)
SHAMPOO = Item(
    "1",
    "Shampoo",
    text="Shampoo. Hair",
    category=("Hair", "Wash"),
    price=3.5,
    attributes={"size": "1 l"},
    updated_at=NOW,
)
CAT_FOOD = Item("2", "猫粮", category=("Pets",), language="zh")
VECTOR = np.arange(4, dtype=np.float32).tobytes()


@pytest.fixture
def filled(store: Store) -> Store:
    store.change_items([(SHAMPOO, VECTOR), (CAT_FOOD, VECTOR)], [])
    return store


def bought(store: Store, event_id: str, user: str = "ann", item: str = "1", minutes: int = 0) -> Event:
    return Event(
        event_id,
        EventType.PURCHASE,
        NOW + timedelta(minutes=minutes),
        store.pseudonym(user, create=True),
        item=item,
        value=3.5,
    )


def statuses(store: Store, *events: Event) -> list[str]:
    return [outcome.status for outcome in store.append_events(events)]


def test_a_stored_event_comes_back_as_it_went_in(filled: Store) -> None:
    pseudonym = filled.pseudonym("ann", create=True)
    event = Event(
        "e1", EventType.CLICK, NOW + timedelta(microseconds=7), pseudonym, "v", "1", None, "r", "b", 1.5, 2.0, 3
    )
    assert statuses(filled, event) == ["stored"]
    assert filled.events_of(pseudonym or "") == [event]


def test_the_same_event_again_is_a_duplicate_and_another_body_a_conflict(filled: Store) -> None:
    event = bought(filled, "e1")
    assert statuses(filled, event, event) == ["stored", "duplicate"]
    assert statuses(filled, event) == ["duplicate"]
    assert statuses(filled, replace(event, value=9.0)) == ["conflict"]
    assert [kept.value for kept in filled.events_of(event.user or "")] == [3.5]


def test_a_conflict_inside_one_batch_is_told_and_the_first_event_stays(filled: Store) -> None:
    event = bought(filled, "e1")
    outcomes = filled.append_events([event, replace(event, quantity=2.0), bought(filled, "e2")])
    assert [(outcome.event_id, outcome.status) for outcome in outcomes] == [
        ("e1", "stored"),
        ("e1", "conflict"),
        ("e2", "stored"),
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"item": "999"}, "unknown_item"),
        ({"item": None}, "missing_item"),
        ({"time": datetime.now(UTC) + timedelta(days=1)}, "future_time"),
        ({"value": float("nan")}, "value: not_a_number"),
        ({"value": -1.0}, "value: negative"),
        ({"user": "ann"}, "unknown_user"),
        ({"event_id": ""}, "event_id: missing_id"),
        ({"event_id": "x" * 300}, "event_id: too_long"),
        ({"visitor": "a\0b"}, "visitor: control_character"),
        ({"query": "\ud800"}, "broken_utf8"),
        ({"type": EventType.SEARCH, "item": None}, "missing_query"),
    ],
)
def test_a_bad_event_is_rejected_with_its_reason_and_its_neighbours_are_kept(
    filled: Store, changes: dict, reason: str
) -> None:
    good = bought(filled, "good")
    outcomes = filled.append_events([replace(bought(filled, "bad"), **changes), good])
    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [("rejected", reason), ("stored", None)]


def test_a_query_is_masked_on_the_way_in_and_its_repeat_is_a_duplicate(filled: Store) -> None:
    pseudonym = filled.pseudonym("ann", create=True) or ""
    event = Event("e1", EventType.SEARCH, NOW, pseudonym, query="call 13812345678")
    assert statuses(filled, event) == ["stored"]
    assert filled.events_of(pseudonym)[0].query == "call [phone]"
    assert statuses(filled, event) == ["duplicate"]


def test_events_of_a_user_are_the_newest_and_newest_last(filled: Store) -> None:
    events = [bought(filled, f"e{minute}", minutes=minute) for minute in (3, 1, 2, 0)]
    filled.append_events(events)
    assert [event.event_id for event in filled.events_of(events[0].user or "", limit=3)] == ["e1", "e2", "e3"]
    assert filled.events_of("nobody") == []


def test_the_profile_version_moves_with_events_and_consent_of_that_user_alone(filled: Store) -> None:
    ann, bob = (filled.pseudonym(name, create=True) or "" for name in ("ann", "bob"))
    seen = [filled.profile_version(ann)]
    filled.append_events([bought(filled, "e1")])
    seen.append(filled.profile_version(ann))
    filled.set_consent(ann, personalise=False)
    seen.append(filled.profile_version(ann))
    before = filled.profile_version(bob)
    filled.append_events([bought(filled, "e1")])
    assert len(set(seen)) == 3
    assert filled.profile_version(ann) == seen[-1], "a repeat is no change"
    assert filled.profile_version(bob) == before
    assert filled.profile_version("nobody") == "0"


def test_a_pseudonym_is_random_made_once_and_unlinked_for_good(store: Store) -> None:
    assert store.pseudonym("ann", create=False) is None
    first = store.pseudonym("ann", create=True)
    assert store.pseudonym("ann", create=True) == first == store.pseudonym("ann", create=False)
    assert store.unlink("ann")
    assert not store.unlink("ann")
    assert store.pseudonym("ann", create=False) is None
    assert store.pseudonym("ann", create=True) != first


def test_consent_is_counted_and_nobody_consents_for_an_unknown_user(store: Store) -> None:
    ann = store.pseudonym("ann", create=True) or ""
    assert store.consent(ann).personalise
    assert store.set_consent(ann, personalise=False).consent_version == 1
    assert not store.consent(ann).personalise
    assert not store.consent("nobody").personalise
    with pytest.raises(NotFoundError):
        store.set_consent("nobody", personalise=True)


def test_an_erased_person_is_gone_from_every_reader_and_cannot_come_back(filled: Store) -> None:
    event = bought(filled, "e1")
    other = bought(filled, "e2", user="bob")
    filled.append_events([event, other])
    filled.add_tombstone(event.user or "")
    assert filled.tombstones() == {event.user}
    assert filled.events_of(event.user or "") == []
    assert filled.events_table()["event_id"].to_pylist() == ["e2"]
    assert filled.sample_users(5) == [other.user]
    assert [(outcome.status, outcome.reason) for outcome in filled.append_events([event])] == [
        ("rejected", "unknown_user")
    ]
    assert not filled.consent(event.user or "").personalise


def test_an_export_holds_everything_about_one_person(filled: Store) -> None:
    event = bought(filled, "e1")
    filled.append_events([event, bought(filled, "e2", user="bob")])
    export = filled.export_user(event.user or "")
    assert export["user_ids"] == ["ann"]
    assert export["consent"] == {"personalise": True, "version": 0}
    assert [held["event_id"] for held in export["events"]] == ["e1"]
    assert filled.export_user("nobody")["events"] == []


def test_live_changes_are_numbered_and_show_in_the_catalogue(store: Store) -> None:
    assert store.latest_change() == 0
    first = store.change_items([(SHAMPOO, VECTOR)], [])
    last = store.change_items([(replace(SHAMPOO, price=4.0), VECTOR)], ["2"])
    assert last > first == store.latest_change() - 2
    changes = store.item_changes(first)
    assert [(change.item_id, change.item and change.item.price) for change in changes] == [("1", 4.0), ("2", None)]
    assert changes[0].item == replace(SHAMPOO, price=4.0)
    assert changes[0].vector == VECTOR
    assert store.item_changes(last) == []
    assert store.items_table()["price"].to_pylist() == [4.0]


def test_tables_have_the_records_columns(filled: Store) -> None:
    filled.append_events([bought(filled, "e2", minutes=1), bought(filled, "e1")])
    events = filled.events_table()
    assert filled.items_table().schema == ITEM_SCHEMA
    assert events.schema == EVENT_SCHEMA
    assert events["event_id"].to_pylist() == ["e1", "e2"]
    assert filled.events_table(since=NOW + timedelta(seconds=1))["event_id"].to_pylist() == ["e2"]
    assert filled.items_table()["attributes"].to_pylist() == ['{"size":"1 l"}', "{}"]


def test_users_are_sampled_by_their_purchases(filled: Store) -> None:
    filled.append_events([bought(filled, "a1"), bought(filled, "a2"), bought(filled, "b1", user="bob")])
    assert filled.sample_users(1) == [filled.pseudonym("ann", create=False)]
    assert len(filled.sample_users(10)) == 2


def test_several_writers_lose_nothing_and_number_changes_without_a_gap(filled: Store, store_url: str) -> None:
    def write(name: str) -> None:
        own = Store(store_url)
        for place in range(10):
            own.append_events([bought(own, f"{name}-{place}", user=name), bought(own, f"shared-{place}", user="all")])
            own.change_items([(replace(SHAMPOO, id=f"{name}-{place}"), VECTOR)], [])
        own.close()

    writers = [threading.Thread(target=write, args=(name,)) for name in ("w", "x", "y")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert filled.events_table().num_rows == 40
    assert [change.number for change in filled.item_changes(2)] == list(range(3, 33))


def test_an_address_that_cannot_be_a_store_is_a_config_error() -> None:
    with pytest.raises(ConfigError):
        Store("not an address")
    with pytest.raises(ConfigError, match="mysql"):
        Store("mysql://localhost/shop")


def test_a_store_that_cannot_be_opened_is_a_store_error_without_the_password() -> None:
    with pytest.raises(StoreError) as told:
        Store("postgresql://ann:secret@127.0.0.1:1/shop")
    assert "secret" not in str(told.value)
    with pytest.raises(StoreError):
        Store("sqlite:////proc/nothing/here.db")


def test_erasing_a_user_takes_events_consent_and_link_in_one_and_is_told_in_numbers(filled: Store) -> None:
    user = filled.pseudonym("ann", create=True) or ""
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    before = filled.events_table().num_rows
    theirs = [Event(f"ann-{number}", EventType.VIEW, moment, user, item="1") for number in range(3)]
    assert {outcome.status for outcome in filled.append_events(theirs)} == {"stored"}
    erased = filled.erase_user("ann")
    assert erased is not None
    assert (erased.pseudonym, erased.events) == (user, 3)
    assert filled.pseudonym("ann", create=False) is None
    assert user in filled.tombstones()
    assert filled.events_table().num_rows == before
    assert {outcome.reason for outcome in filled.append_events(theirs)} == {"unknown_user"}
    assert filled.erase_user("ann") is None
    again = filled.pseudonym("ann", create=True)
    assert again not in {None, user}, "somebody who comes back is somebody new"
