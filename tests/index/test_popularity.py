from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tradewind.index.popularity import decayed_popularity, trend, weighted_events


def test_events_weigh_by_their_type_and_strangers_nothing(tools: Any) -> None:
    log = tools.log(
        [
            {"type": "purchase", "item": "a"},
            {"type": "view", "item": "b"},
            {"type": "search", "query": "a"},
            {"type": "purchase", "item": "unknown"},
            {"type": "dismiss", "item": "a"},
        ]
    )
    place, _, weight = weighted_events(pa.array(["a", "b"]), log)
    assert place.tolist() == [0, 1]
    assert weight.tolist() == pytest.approx([1.0, 0.1])


def test_popularity_halves_every_half_life_before_the_last_event(tools: Any) -> None:
    days = [0, 28, 56]
    log = tools.log(
        [
            {"type": "purchase", "item": "abc"[at], "time": tools.now - timedelta(days=age)}
            for at, age in enumerate(days)
        ]
    )
    found = decayed_popularity(4, *weighted_events(pa.array(["a", "b", "c", "d"]), log), 28.0)
    assert found.tolist() == pytest.approx([1.0, 0.5, 0.25, 0.0])


def test_what_sells_more_than_before_trends_and_steady_sellers_do_not(tools: Any) -> None:
    steady = [{"type": "purchase", "item": "steady", "time": tools.now - timedelta(days=day)} for day in range(35)]
    rising = [{"type": "purchase", "item": "rising", "time": tools.now - timedelta(days=day % 5)} for day in range(20)]
    place, time, weight = weighted_events(pa.array(["steady", "rising", "never"]), tools.log(steady + rising))
    found = trend(3, place, time, weight, 7.0)
    assert abs(found[0]) < 0.5
    assert found[1] == pytest.approx(20.0)
    assert found[2] == 0


def test_an_empty_log_makes_nothing_popular() -> None:
    empty = np.zeros(0, dtype=np.int64)
    assert decayed_popularity(3, empty, empty, empty.astype(float), 28.0).tolist() == [0, 0, 0]
    assert trend(3, empty, empty, empty.astype(float), 7.0).tolist() == [0, 0, 0]
