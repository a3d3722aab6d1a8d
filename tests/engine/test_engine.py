from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tradewind.data.records import Event, EventType, Item
from tradewind.data.store import Store
from tradewind.engine.engine import STANDARD, Engine
from tradewind.engine.items import change_items
from tradewind.engine.parts import Parts
from tradewind.engine.reply import Reply
from tradewind.engine.requests import RecommendRequest, SearchRequest
from tradewind.errors import NotFoundError, RequestError, StoreError
from tradewind.index.filters import Filters

LATER = datetime(2026, 3, 2, 9, tzinfo=UTC)
ASKED: tuple[SearchRequest | RecommendRequest, ...] = (
    SearchRequest("frozen pizza", facets=("brand", "price"), deadline_ms=5_000),
    SearchRequest("  ＰＩＺＺＡ\x00", sort="price_asc", k=3, offset=2, explain=True, deadline_ms=5_000),
    SearchRequest("", filters=Filters(terms={"category": ("Drinks",)}), facets=("category",)),
    SearchRequest("cat food", user="ann", deadline_ms=5_000),
    SearchRequest("cat food", deadline_ms=5),
    RecommendRequest("similar", item="frozen-small-0"),
    RecommendRequest("bought-together", item="frozen-small-0", explain=True),
    RecommendRequest("for-you", user="ann"),
    RecommendRequest("next-basket", user="bob", k=20),
    RecommendRequest("recent", user="cat"),
    RecommendRequest("trending"),
)


def ask(engine: Engine, request: SearchRequest | RecommendRequest) -> Reply:
    return engine.search(request) if isinstance(request, SearchRequest) else engine.recommend(request)


def named(request: SearchRequest | RecommendRequest, people: dict[str, str]) -> SearchRequest | RecommendRequest:
    return replace(request, user=people[request.user]) if request.user else request


@pytest.mark.parametrize("asked", ASKED, ids=repr)
def test_a_body_is_a_function_of_request_generation_delta_and_profile_version(
    asked: SearchRequest | RecommendRequest,
    open_engine: Callable[..., Engine],
    people: dict[str, str],
    in_threads: Callable[[int, Callable[[int], Any]], list[Any]],
) -> None:
    request = named(asked, people)
    one, other = open_engine(), open_engine(settings=replace(STANDARD, reply_cache_bytes=0, threads=0))
    first, again = ask(one, request), ask(one, request)
    replies = [again, ask(other, request), ask(other, request)]
    replies += in_threads(6, lambda place: ask(one if place % 2 else other, request))
    assert first.cache == "miss" and again.cache == "hit"
    assert {reply.body for reply in replies} == {first.body}
    assert {(r.generation, r.delta, r.profile_version, r.stage_answered) for r in replies} == {
        (first.generation, first.delta, first.profile_version, first.stage_answered)
    }


@pytest.mark.parametrize("asked", ASKED, ids=repr)
def test_without_consent_two_people_of_opposite_histories_get_the_same_bytes_as_nobody(
    asked: SearchRequest | RecommendRequest, engine: Engine, store: Store, people: dict[str, str]
) -> None:
    for person in ("ann", "bob"):
        store.set_consent(people[person], personalise=False)
    bodies = {ask(engine, replace(asked, user=user)).body for user in (people["ann"], people["bob"], None)}
    assert len(bodies) == 1
    assert json.loads(bodies.pop())["personalised"] is False


def test_an_unknown_user_is_nobody(engine: Engine) -> None:
    for request in (RecommendRequest("for-you", user="stranger"), SearchRequest("cat food", user="stranger")):
        reply = ask(engine, request)
        assert reply.body == ask(engine, replace(request, user=None)).body and reply.profile_version is None


def test_switching_consent_off_and_on_works_from_the_next_request(
    engine: Engine, store: Store, people: dict[str, str]
) -> None:
    request = RecommendRequest("for-you", user=people["ann"])
    before = engine.recommend(request)
    store.set_consent(people["ann"], personalise=False)
    off = engine.recommend(request)
    store.set_consent(people["ann"], personalise=True)
    on = engine.recommend(request)
    assert json.loads(before.body)["personalised"] and not json.loads(off.body)["personalised"]
    assert on.body == before.body and on.profile_version != before.profile_version


def test_an_event_changes_that_persons_answers_at_once_in_every_engine(
    open_engine: Callable[..., Engine], store: Store, people: dict[str, str]
) -> None:
    engines = [open_engine(), open_engine()]
    ann = RecommendRequest("for-you", user=people["ann"], k=30)
    bob = RecommendRequest("for-you", user=people["bob"])
    before, bobs = [engine.recommend(ann) for engine in engines], engines[0].recommend(bob)
    store.append_events([Event("x1", EventType.DISMISS, LATER, user=people["ann"], item="cola-small-0")])
    after = [engine.recommend(ann) for engine in engines]
    assert after[0].body == after[1].body != before[0].body
    assert "cola-small-0" not in [result["id"] for result in json.loads(after[0].body)["results"]]
    assert after[0].profile_version != before[0].profile_version
    assert engines[0].recommend(bob).cache == "hit" and engines[0].recommend(bob).body == bobs.body


def test_a_search_by_somebody_known_favours_what_they_bought_and_only_among_what_was_found(
    engine: Engine, people: dict[str, str]
) -> None:
    for_ann = json.loads(engine.search(SearchRequest("cat food", user=people["ann"], k=50)).body)
    for_all = json.loads(engine.search(SearchRequest("cat food", k=50)).body)
    assert for_ann["personalised"] and not for_all["personalised"]
    assert {r["id"] for r in for_ann["results"]} == {r["id"] for r in for_all["results"]}
    best = for_ann["results"][0]
    assert best["id"] == "cat-small-0" and {"code": "bought_before", "times": 20} in best["why"]


def test_equal_requests_written_differently_share_one_kept_reply(engine: Engine) -> None:
    engine.search(SearchRequest("frozen pizza", deadline_ms=400))
    assert engine.search(SearchRequest("  frozen   ｐｉｚｚａ", deadline_ms=391)).cache == "hit"
    assert engine.search(SearchRequest("frozen pizza", k=9)).cache == "miss"


def test_a_kept_reply_tells_no_stale_timings(engine: Engine) -> None:
    fresh = engine.search(SearchRequest("cat"))
    assert {name for name, _ in fresh.stages} >= {"understand", "lexical", "encode", "vector", "fuse", "page"}
    assert engine.search(SearchRequest("cat")).stages == ()


def test_a_change_of_items_makes_a_new_answer_under_a_new_delta(engine: Engine) -> None:
    before = engine.search(SearchRequest("sardines"))
    assert change_items(engine, [Item("sardines", "Sardines in oil", category=("Pantry", "Fish"))]) == engine.delta
    after = engine.search(SearchRequest("sardines"))
    assert (before.delta, after.cache, after.delta) == (0, "miss", engine.delta)
    assert json.loads(after.body)["results"][0]["id"] == "sardines"


def test_a_request_keeps_the_generation_it_started_with(engine: Engine, parts: Parts, encoder: Any) -> None:
    encoder.before = lambda: engine.swap(replace(parts, generation="new"))
    reply = engine.search(SearchRequest("frozen pizza", deadline_ms=10_000))
    assert reply.generation == json.loads(reply.body)["generation"] == "g1"
    assert engine.generation == "new"


def test_swapping_under_load_never_fails_or_mixes(
    engine: Engine, parts: Parts, in_threads: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    def work(place: int) -> list[Reply]:
        if place == 0:
            for number in range(30):
                engine.swap(replace(parts, generation=f"swap{number}"))
            return []
        return [engine.search(SearchRequest(f"cat {number % 5}", deadline_ms=10_000)) for number in range(25)]

    replies = [reply for found in in_threads(5, work) for reply in found]
    assert len(replies) == 100
    assert all(json.loads(reply.body)["generation"] == reply.generation for reply in replies)


def test_an_item_is_shown_until_it_is_removed(engine: Engine) -> None:
    assert json.loads(engine.item("cat-small-0").body)["item"]["title"] == "Cat food, small"
    change_items(engine, [], ["cat-small-0"])
    with pytest.raises(NotFoundError, match="cat-small-0"):
        engine.item("cat-small-0")


def test_completion_answers_from_the_catalogue_and_is_kept(engine: Engine) -> None:
    body = json.loads(engine.suggest("fro").body)
    assert body["prefix"] == "fro" and body["completions"]
    assert set(body["completions"][0]) == {"text", "kind", "count"}
    assert engine.suggest("fro").cache == "hit"
    with pytest.raises(RequestError):
        engine.suggest("fro", k=0)


def test_a_store_that_fails_costs_a_person_their_own_answer_and_nobody_an_answer(
    engine: Engine, store: Store, people: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(user: str) -> str:
        raise StoreError("the disk is gone")

    request = RecommendRequest("for-you", user=people["ann"])
    everybodys = json.loads(engine.recommend(replace(request, user=None)).body)
    monkeypatch.setattr(store, "profile_version", fail)
    reply = engine.recommend(request)
    assert json.loads(reply.body) == everybodys | {"degraded": ["profile"]}
    assert engine.search(SearchRequest("cat food", user=people["ann"])).degraded == ("profile",)
    monkeypatch.undo()
    assert json.loads(engine.recommend(request).body)["personalised"]


def test_forgetting_makes_every_reply_anew(engine: Engine) -> None:
    engine.search(SearchRequest("cat"))
    engine.forget()
    assert engine.search(SearchRequest("cat")).cache == "miss"


def test_closing_runs_what_was_asked_for_at_close(parts: Parts, store: Store) -> None:
    done: list[str] = []
    with Engine(parts, store) as engine:
        engine.at_close(lambda: done.append("first"))
        engine.watch({}, 0.01)
        engine.at_close(lambda: done.append("last"))
    assert done == ["last", "first"]


def test_a_person_whose_recency_is_asked_a_year_later_gets_the_same_answer(
    engine: Engine, people: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request = RecommendRequest("for-you", user=people["ann"])
    before = engine.recommend(request).body
    engine.forget()
    import time

    now = time.time() + timedelta(days=365).total_seconds()
    monkeypatch.setattr(time, "time", lambda: now)
    assert engine.recommend(request).body == before
