from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.features.profile import Profile, interests, profile_of, weight_of
from tradewind.data.records import Event, EventType, Item

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(number: int, kind: EventType, item: str | None, days: float = 0, value: float | None = None) -> Event:
    return Event(f"e{number}", kind, NOON + timedelta(days=days), user="u", item=item, value=value)


def test_nothing_known_is_an_empty_profile() -> None:
    assert profile_of([]) == Profile()
    assert profile_of([]).empty


def test_a_purchase_says_more_than_a_view_and_a_later_one_more_than_an_earlier() -> None:
    profile = profile_of(
        [
            event(1, EventType.PURCHASE, "old", -90),
            event(2, EventType.PURCHASE, "new"),
            event(3, EventType.VIEW, "seen"),
        ]
    )
    assert list(profile.weights) == ["new", "old", "seen"]
    assert profile.weights["old"] == pytest.approx(profile.weights["new"] / 4)


def test_impressions_and_searches_say_nothing() -> None:
    profile = profile_of([event(1, EventType.IMPRESSION, "a"), event(2, EventType.SEARCH, None)])
    assert profile.empty and profile.recent == ()


def test_a_good_grade_counts_and_a_bad_one_does_not() -> None:
    assert weight_of(event(1, EventType.RATE, "a", value=5)) > 0
    assert weight_of(event(1, EventType.RATE, "a", value=2)) == 0


def test_a_dismissed_item_is_remembered_until_it_is_bought() -> None:
    dismissed = [event(1, EventType.DISMISS, "a"), event(2, EventType.DISMISS, "b")]
    assert profile_of(dismissed).dismissed == {"a", "b"}
    assert not profile_of(dismissed).empty
    assert profile_of([*dismissed, event(3, EventType.PURCHASE, "a", 1)]).dismissed == {"b"}


def test_times_bought_counts_baskets_and_recent_is_newest_first() -> None:
    profile = profile_of(
        [event(n, EventType.PURCHASE, "milk", n) for n in range(3)] + [event(9, EventType.VIEW, "tea", 9)]
    )
    assert profile.times_bought == {"milk": 3}
    assert profile.recent == ("tea", "milk")


def test_what_was_spent_is_the_value_of_purchases() -> None:
    profile = profile_of([event(1, EventType.PURCHASE, "a", value=2.5), event(2, EventType.VIEW, "a", value=9.0)])
    assert profile.spent == 2.5


def test_interests_are_shares_by_category_and_brand_of_items_that_are_still_there() -> None:
    items = {"a": Item("a", "A", category=("Dairy", "Milk"), brand="Best"), "b": Item("b", "B", category=("Tea",))}
    profile = profile_of([event(n, EventType.PURCHASE, item) for n, item in enumerate(("a", "b", "gone"))])
    assert interests(profile, items) == {"category": {"Dairy > Milk": 0.5, "Tea": 0.5}, "brand": {"Best": 1.0}}


KINDS = st.sampled_from(list(EventType))


@given(st.lists(st.tuples(KINDS, st.sampled_from("abcdef"), st.integers(-300, 0)), max_size=30), st.randoms())
def test_a_profile_is_a_function_of_the_events_and_not_of_their_order(
    log: list[tuple[EventType, str, int]], chance: random.Random
) -> None:
    events = [event(number, kind, item, days) for number, (kind, item, days) in enumerate(log)]
    shuffled = chance.sample(events, len(events))
    assert profile_of(shuffled) == profile_of(events)
