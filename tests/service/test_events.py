"""Events: acknowledged when on disk, once each, owned by the token's user, told one by one what became of them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WHEN = "2026-01-05T10:00:00Z"


def event(**changed) -> dict:
    whole = {"event_id": uuid.uuid4().hex, "type": "view", "time": WHEN, "visitor": "visitor-0001", "item": "01"}
    return {name: value for name, value in (whole | changed).items() if value is not None}


def send(api, body, **more):
    return api.call("POST", "/v1/events", key="events", json=body, **more)


def stored(api) -> dict[str, dict]:
    rows = api.client.app.state.service.store.events_table().to_pylist()
    return {row["event_id"]: row for row in rows}


def test_an_event_is_in_the_store_when_it_is_acknowledged(api) -> None:
    given_event = event(type="add_to_cart", position=3, value=2.5, request_id="r" * 32, basket="b1")
    answered = send(api, given_event)
    assert answered.status_code == 200
    assert answered.json() == {"event_id": given_event["event_id"], "status": "stored"}
    row = stored(api)[given_event["event_id"]]
    assert (row["type"], row["item"], row["position"], row["value"]) == ("add_to_cart", "01", 3, 2.5)
    assert row["user"] is None


def test_the_same_event_again_is_one_event(api) -> None:
    once = event()
    before = len(stored(api))
    assert [send(api, once).json()["status"] for _ in range(3)] == ["stored", "duplicate", "duplicate"]
    assert len(stored(api)) == before + 1


def test_the_same_id_with_another_body_is_a_conflict_and_the_first_stays(api) -> None:
    once = event()
    send(api, once)
    answered = send(api, {**once, "item": "10"})
    assert answered.status_code == 409
    assert answered.json()["type"].endswith("event-conflict")
    assert stored(api)[once["event_id"]]["item"] == "01"


def test_each_event_of_a_batch_is_told_what_became_of_it_and_none_is_lost(api) -> None:
    old = event()
    send(api, old)
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    batch = [
        event(event_id="b-good"),
        event(event_id="b-unknown-item", item="no-such-item"),
        event(event_id="b-future", time=tomorrow),
        event(event_id="b-user", user="somebody"),
        event(event_id="b-type", type="teleport"),
        event(event_id="b-time", time="yesterday"),
        event(event_id="b-nobody", visitor=None),
        old,
        {**old, "item": "10"},
        event(event_id="b-good"),
        event(event_id="b-last", type="purchase", quantity=2, value=9.5),
        17,
    ]
    answered = send(api, {"events": batch})
    assert answered.status_code == 200
    results = answered.json()["events"]
    assert [one["status"] for one in results] == [
        *["stored"], *["rejected"] * 6, "duplicate", "conflict", "duplicate", "stored", "rejected",
    ]  # fmt: skip
    assert all(one.get("reason") for one in results if one["status"] in ("rejected", "conflict"))
    assert results[1]["reason"] == "unknown_item"
    assert "user token" in results[3]["reason"]
    assert answered.json()["counts"] == {"stored": 2, "rejected": 7, "duplicate": 2, "conflict": 1}
    assert {"b-good", "b-last"} <= set(stored(api))
    assert not {"b-unknown-item", "b-future", "b-user"} & set(stored(api))


@pytest.mark.parametrize(
    "body",
    [{"events": []}, {"events": [event()] * 501}, {"events": {}}, {"events": [event()], "more": 1}, {"events": None}],
)
def test_what_is_no_batch_is_refused_whole(api, body) -> None:
    before = len(stored(api))
    answered = send(api, body)
    assert answered.status_code == 422
    assert "1 to 500 events" in answered.json()["detail"]
    assert len(stored(api)) == before


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "teleport"}, "#/type"),
        ({"time": "soon"}, "#/time"),
        ({"event_id": ""}, "#/event_id"),
        ({"position": -1}, "#/position"),
        ({"quantity": -2}, "#/quantity"),
        ({"value": "much"}, "#/value"),
        ({"user": "somebody"}, "#/user"),
        ({"extra": 1}, "#/extra"),
        ({"visitor": None}, "#/visitor"),
    ],
)
def test_a_single_event_that_cannot_be_used_is_pointed_at(api, change, pointer) -> None:
    answered = send(api, event(**change))
    assert answered.status_code == 422
    assert answered.json()["errors"][0]["pointer"] == pointer


def test_an_unknown_item_and_a_date_in_the_future_are_rejected_with_the_reason(api) -> None:
    unknown = send(api, event(item="no-such-item"))
    assert (unknown.status_code, "unknown_item" in unknown.json()["detail"]) == (422, True)
    future = send(api, event(time=(datetime.now(UTC) + timedelta(days=2)).isoformat()))
    assert (future.status_code, "future" in future.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    "visitor",
    [
        "anna@example.com", "+8613800138000", "13800138000", "138-0013-8000", "110101199003074477",
        "11010119900307447X", "short", "with space 123", "x" * 129, "555.123.4567", "",
    ],
)  # fmt: skip
def test_a_visitor_id_that_names_a_person_is_refused(api, visitor: str) -> None:
    answered = send(api, event(visitor=visitor))
    assert answered.status_code == 422
    assert visitor not in answered.text or not visitor


@pytest.mark.parametrize("visitor", [str(uuid.uuid4()), "1234567890.1654789012", "GA1.2.444.1", "aB3_~.-9" * 4])
def test_a_random_visitor_id_is_taken(api, visitor: str) -> None:
    assert send(api, event(visitor=visitor)).status_code == 200


def test_free_text_is_masked_before_it_is_stored(api) -> None:
    given_event = event(type="search", item=None, query="order for 13800138000 or anna@example.com")
    assert send(api, given_event).json()["status"] == "stored"
    assert stored(api)[given_event["event_id"]]["query"] == "order for [phone] or [email]"
    assert send(api, given_event).json()["status"] == "duplicate"


def test_an_event_belongs_to_whom_the_token_names(api) -> None:
    mine = event(type="purchase")
    send(api, mine, user="buyer")
    store = api.client.app.state.service.store
    pseudonym = store.pseudonym("buyer", create=False)
    assert stored(api)[mine["event_id"]]["user"] == pseudonym
    assert pseudonym != "buyer"


def test_somebody_with_the_switch_off_leaves_no_track_under_their_pseudonym(api) -> None:
    api.call("PUT", "/v1/users/me/consent", user="private", json={"personalise": False})
    unseen = event(type="purchase")
    assert send(api, unseen, user="private").json()["status"] == "stored"
    assert stored(api)[unseen["event_id"]]["user"] is None
    assert api.call("GET", "/v1/users/me/export", user="private").json()["events"] == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05T18:00:00+08:00", "2026-01-05T10:00:00+00:00"),
        ("2026-01-05T10:00:00", "2026-01-05T10:00:00+00:00"),
        (1767607200, "2026-01-05T10:00:00+00:00"),
        (1767607200000, "2026-01-05T10:00:00+00:00"),
    ],
)
def test_both_families_of_times_are_read_as_utc(api, written, read) -> None:
    given_event = event(time=written)
    assert send(api, given_event).status_code == 200
    assert stored(api)[given_event["event_id"]]["time"].isoformat() == read


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.text(max_size=8),
            st.dictionaries(
                st.sampled_from(["event_id", "type", "time", "visitor", "item", "value", "user"]),
                st.one_of(st.none(), st.integers(), st.text(max_size=8), st.just(WHEN), st.just("view"), st.just("01")),
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_batch_gets_one_outcome_for_each_event(api, batch) -> None:
    answered = send(api, {"events": batch})
    assert answered.status_code == 200, answered.text
    assert len(answered.json()["events"]) == len(batch)
    assert sum(answered.json()["counts"].values()) == len(batch)


def test_outcomes_are_counted(api) -> None:
    def count() -> float:
        text = api.client.get("/metrics").text
        line = next(
            (line for line in text.splitlines() if line.startswith('tradewind_events_total{outcome="stored"}')), "0 0"
        )
        return float(line.rsplit(" ", 1)[1])

    before = count()
    send(api, {"events": [event(), event()]})
    assert count() == before + 2


def test_when_the_store_does_not_take_it_nothing_is_acknowledged(api, monkeypatch) -> None:
    from tradewind.errors import StoreError

    def full(self, given):
        raise StoreError("the disk did not take the record: database or disk is full", where="sqlite:///secret/place")

    monkeypatch.setattr("tradewind.data.store.Store.append_events", full)
    answered = send(api, event())
    assert answered.status_code == 503
    assert answered.headers["retry-after"]
    assert "secret" not in answered.text
