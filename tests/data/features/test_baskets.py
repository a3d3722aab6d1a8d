from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from tradewind.data.features.baskets import Basket, baskets_of
from tradewind.data.records import Event, EventType

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def bought(number: int, item: str, basket: str | None, hours: int) -> Event:
    return Event(f"e{number}", EventType.PURCHASE, NOON + timedelta(hours=hours), user="u", item=item, basket=basket)


def test_purchases_of_one_basket_id_are_one_trip_that_ends_with_its_last_line() -> None:
    events = [bought(1, "milk", "b1", 0), bought(2, "tea", "b1", 1), bought(3, "milk", "b2", 48)]
    assert baskets_of(events) == (
        Basket(NOON + timedelta(hours=1), ("milk", "tea")),
        Basket(NOON + timedelta(hours=48), ("milk",)),
    )


def test_without_a_basket_id_a_calendar_day_is_a_trip() -> None:
    events = [bought(1, "milk", None, 0), bought(2, "tea", None, 2), bought(3, "jam", None, 13)]
    assert [basket.items for basket in baskets_of(events)] == [("milk", "tea"), ("jam",)]


def test_an_item_bought_twice_in_a_trip_stands_there_once() -> None:
    assert baskets_of([bought(1, "milk", "b", 0), bought(2, "milk", "b", 0)])[0].items == ("milk",)


def test_only_purchases_of_an_item_make_baskets() -> None:
    view = Event("v", EventType.VIEW, NOON, user="u", item="milk", basket="b")
    assert baskets_of([view, Event("p", EventType.PURCHASE, NOON, user="u", basket="b")]) == ()


def test_the_order_of_the_log_does_not_matter() -> None:
    events = [bought(n, f"i{n % 7}", f"b{n % 5}", n % 11) for n in range(40)]
    shuffled = random.Random(7).sample(events, len(events))
    assert baskets_of(shuffled) == baskets_of(events)
