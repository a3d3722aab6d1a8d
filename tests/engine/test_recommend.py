from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tradewind.data.records import Event, EventType, Item
from tradewind.data.store import Store
from tradewind.engine.engine import Engine
from tradewind.engine.items import change_items
from tradewind.engine.parts import Parts
from tradewind.engine.requests import RecommendRequest
from tradewind.errors import NotFoundError
from tradewind.index.filters import Filters

LATER = datetime(2026, 3, 2, 9, tzinfo=UTC)


def answer(engine: Engine, surface: Any, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(engine.recommend(RecommendRequest(surface, **more)).body)
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [result["id"] for result in body["results"]]


def reasons(result: dict[str, Any]) -> dict[str, Any]:
    return {reason["code"]: reason for reason in result["why"]}


def test_similar_items_are_of_the_kind_and_never_the_item_itself(engine: Engine) -> None:
    body = answer(engine, "similar", item="frozen-small-0", k=8)
    assert body["item"] == "frozen-small-0" and "frozen-small-0" not in ids(body)
    assert {result["category"][0] for result in body["results"]} == {"Frozen"}
    assert all("similar" in reasons(result) for result in body["results"])


def test_twins_do_not_fill_the_page_before_others_had_their_turn(engine: Engine) -> None:
    titles = [result["title"] for result in answer(engine, "similar", item="cat-large-0", k=6)["results"]]
    assert max(titles.count(title) for title in titles) == 2


def test_removed_items_are_never_similar(engine: Engine) -> None:
    change_items(engine, [], ["frozen-small-1"])
    assert "frozen-small-1" not in ids(answer(engine, "similar", item="frozen-small-0", k=20))


def test_what_was_bought_together_comes_first_with_the_number_of_baskets(engine: Engine) -> None:
    best = answer(engine, "bought-together", item="frozen-small-0")["results"][0]
    assert best["id"] == "cola-small-0"
    assert reasons(best)["bought_together"] == {"code": "bought_together", "count": 60}


def test_an_item_without_any_history_has_companions_by_meaning(engine: Engine) -> None:
    change_items(engine, [Item("new", "Pizza margherita", category=("Frozen", "Pizza"))])
    body = answer(engine, "bought-together", item="new", k=3)
    assert {result["category"][1] for result in body["results"]} == {"Soda"}
    assert [set(reasons(result)) for result in body["results"]] == [{"goes_with"}] * 3


class WithoutTogether:
    """A catalogue that was indexed without vectors of what goes together."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self.facts = {**whole.facts, "together": False}
        self.change = whole.change

    def view(self, delta: Any) -> Any:
        return self._whole.view(delta)


def test_without_vectors_of_what_goes_together_they_are_made_when_asked_for(
    open_engine: Callable[..., Engine], parts: Parts, encoder: Any
) -> None:
    engine = open_engine(replace(parts, catalogue=WithoutTogether(parts.catalogue)))
    body = answer(engine, "bought-together", item="frozen-family-2", k=3)
    assert {result["category"][1] for result in body["results"]} == {"Soda"} and encoder.calls == 1


def test_for_you_starts_from_what_a_person_bought_and_says_so(engine: Engine, people: dict[str, str]) -> None:
    body = answer(engine, "for-you", user=people["ann"], k=8)
    assert body["personalised"] and {"cola-small-0", "frozen-small-0"} <= set(ids(body))
    told = {code for result in body["results"] for code in reasons(result)}
    assert {"bought_before", "bought_with_yours"} <= told
    cola = next(result for result in body["results"] if result["id"] == "cola-small-0")
    assert reasons(cola)["bought_before"]["times"] == 60
    assert reasons(cola)["bought_with_yours"]["item"] == "frozen-small-0"


def test_two_people_are_recommended_different_things(engine: Engine, people: dict[str, str]) -> None:
    assert ids(answer(engine, "for-you", user=people["ann"])) != ids(answer(engine, "for-you", user=people["bob"]))


def test_somebody_who_only_dismissed_something_gets_what_sells_without_it(
    engine: Engine, store: Store, people: dict[str, str]
) -> None:
    dora = store.pseudonym("dora", create=True)
    store.append_events([Event("d", EventType.DISMISS, LATER, user=dora, item="cola-small-0")])
    body = answer(engine, "for-you", user=dora, k=50)
    assert body["personalised"] and "cola-small-0" not in ids(body) and len(body["results"]) == 50


def test_nobody_in_particular_is_recommended_what_trends(engine: Engine) -> None:
    trending = answer(engine, "trending")
    for surface in ("for-you", "next-basket"):
        body = answer(engine, surface)
        assert body["surface"] == surface and not body["personalised"]
        assert body["results"] == trending["results"]


def test_the_next_basket_without_a_model_is_what_they_buy_by_recency(engine: Engine, people: dict[str, str]) -> None:
    body = answer(engine, "next-basket", user=people["bob"], k=5)
    assert set(ids(body)[:2]) == {"spaghetti-small-0", "orange-small-0"}
    assert reasons(body["results"][0])["bought_before"]["times"] == 30
    assert all(set(reasons(result)) == {"popular"} for result in body["results"][2:])


def test_the_next_basket_with_a_model_is_the_models(
    open_engine: Callable[..., Engine], parts_with_sequence: Parts, people: dict[str, str]
) -> None:
    body = answer(open_engine(parts_with_sequence), "next-basket", user=people["bob"], k=4)
    assert set(ids(body)[:2]) == {"spaghetti-small-0", "orange-small-0"}
    assert all(item.startswith("cola") for item in ids(body)[2:])
    assert set(reasons(body["results"][2])) == {"likely_next"}


def test_recent_is_the_persons_own_newest_first_and_empty_for_nobody(
    engine: Engine, store: Store, people: dict[str, str]
) -> None:
    store.append_events([Event("v", EventType.VIEW, LATER, user=people["bob"], item="cat-large-1")])
    assert ids(answer(engine, "recent", user=people["bob"]))[0] == "cat-large-1"
    assert answer(engine, "recent")["results"] == []


@pytest.mark.parametrize("surface", ["similar", "bought-together", "for-you", "next-basket", "trending", "recent"])
def test_filters_hold_on_every_surface(
    open_engine: Callable[..., Engine], parts_with_sequence: Parts, people: dict[str, str], surface: str
) -> None:
    filters = Filters(terms={"category": ("Drinks",)}, price_max=9.0)
    for user in ("ann", "bob", "cat"):
        body = answer(
            open_engine(parts_with_sequence), surface, item="frozen-small-0", user=people[user], filters=filters, k=30
        )
        assert all(r["category"][0] == "Drinks" and r["price"] <= 9.0 for r in body["results"])


@pytest.mark.parametrize("surface", ["similar", "bought-together", "for-you", "next-basket", "trending"])
def test_pages_put_together_are_the_one_big_page(engine: Engine, people: dict[str, str], surface: str) -> None:
    def page(k: int, offset: int) -> list[str]:
        return ids(answer(engine, surface, item="frozen-small-0", user=people["cat"], k=k, offset=offset))

    assert [item for offset in range(0, 35, 7) for item in page(7, offset)] == page(35, 0)


def test_an_unknown_item_is_not_found_by_name(engine: Engine) -> None:
    with pytest.raises(NotFoundError, match="nothing-here"):
        answer(engine, "similar", item="nothing-here")


def test_a_dismissed_item_comes_back_on_no_personal_surface(
    engine: Engine, store: Store, people: dict[str, str]
) -> None:
    store.append_events([Event("d", EventType.DISMISS, LATER, user=people["bob"], item="spaghetti-small-0")])
    for surface in ("for-you", "next-basket", "recent"):
        assert "spaghetti-small-0" not in ids(answer(engine, surface, user=people["bob"], k=60))
