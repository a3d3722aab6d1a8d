from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tradewind.data.records import Item
from tradewind.data.store import Store
from tradewind.engine.engine import Engine
from tradewind.engine.items import change_items
from tradewind.engine.parts import Parts
from tradewind.engine.requests import SearchRequest

SARDINES = Item("sardines", "Sardines in oil", category=("Pantry", "Fish"), price=2.0)


def test_nothing_new_is_no_work(engine: Engine) -> None:
    before = engine.serving
    assert not engine.refresh() and engine.serving is before


def test_a_change_by_one_worker_is_in_the_others_answers_within_a_second(open_engine: Callable[..., Engine]) -> None:
    one, other = open_engine(), open_engine()
    other.watch({}, 0.05)
    change_items(one, [SARDINES])
    started = time.monotonic()
    while b'"id":"sardines"' not in other.search(SearchRequest("oil")).body:
        assert time.monotonic() - started < 1.0
        time.sleep(0.01)
    change_items(one, [], ["sardines"])
    started = time.monotonic()
    while b'"id":"sardines"' in other.search(SearchRequest("oil")).body:
        assert time.monotonic() - started < 1.0
        time.sleep(0.01)


def test_workers_that_followed_in_other_steps_answer_with_the_same_bytes(open_engine: Callable[..., Engine]) -> None:
    steady, late = open_engine(), open_engine()
    for number in range(5):
        change_items(steady, [replace(SARDINES, id=f"s{number % 3}", price=float(number))], [f"s{(number + 1) % 3}"])
    late.refresh()
    fresh = open_engine()
    request = SearchRequest("sardines", facets=("price",), k=50)
    assert steady.delta == late.delta == fresh.delta > 0
    assert steady.search(request).body == late.search(request).body == fresh.search(request).body


def test_a_view_in_use_does_not_move(engine: Engine) -> None:
    view = engine.serving.view
    change_items(engine, [SARDINES], ["cat-small-0"])
    assert view.row_of("sardines") is None and view.row_of("cat-small-0") is not None
    assert engine.serving.view.row_of("sardines") is not None and engine.serving.view.row_of("cat-small-0") is None


def test_vectors_of_another_encoder_are_made_again_with_this_one(
    engine: Engine, open_engine: Callable[..., Engine], parts: Parts, encoder: Any
) -> None:
    change_items(engine, [replace(SARDINES, id="a"), replace(SARDINES, id="b")])
    encoder.calls = 0
    open_engine(parts)
    assert encoder.calls == 0
    swapped = open_engine(replace(parts, encoder_version="encoder/match/two"))
    assert encoder.calls == 1
    assert swapped.serving.view.row_of("a") is not None


def test_an_item_written_to_the_store_without_a_vector_is_found_by_meaning_too(engine: Engine, store: Store) -> None:
    store.change_items([(replace(SARDINES, text="tinned pizza"), b"")], [])
    assert engine.refresh()
    view = engine.serving.view
    row = view.row_of("sardines")
    assert row is not None and abs(float(view.vector_of(row) @ view.vector_of(row)) - 1.0) < 1e-2


def test_a_swap_carries_the_live_items_over(engine: Engine, parts: Parts) -> None:
    change_items(engine, [SARDINES])
    engine.swap(replace(parts, generation="g9"))
    assert engine.generation == "g9" and engine.serving.view.row_of("sardines") is not None
