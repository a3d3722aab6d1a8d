from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tradewind.engine.cache import ENTRY_OVERHEAD, BoundedCache


def test_what_was_used_least_recently_goes_first() -> None:
    cache: BoundedCache[str] = BoundedCache(2 * (10 + ENTRY_OVERHEAD))
    cache.put("a", "A", 10)
    cache.put("b", "B", 10)
    assert cache.get("a") == "A"
    cache.put("c", "C", 10)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("A", None, "C")


def test_a_value_larger_than_the_cache_is_not_kept_and_pushes_nothing_out() -> None:
    cache: BoundedCache[str] = BoundedCache(ENTRY_OVERHEAD + 10)
    cache.put("a", "A", 10)
    cache.put("b", "B", 11)
    assert cache.get("a") == "A" and cache.get("b") is None


def test_a_limit_of_nothing_keeps_nothing() -> None:
    cache: BoundedCache[str] = BoundedCache(0)
    cache.put("a", "A", 0)
    assert cache.get("a") is None


def test_clearing_forgets_all() -> None:
    cache: BoundedCache[str] = BoundedCache(10_000)
    cache.put("a", "A", 10)
    cache.clear()
    assert (cache.get("a"), len(cache), cache.held) == (None, 0, 0)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 900)), max_size=60))
def test_it_never_holds_more_than_its_limit_and_counts_exactly(puts: list[tuple[int, int]]) -> None:
    cache: BoundedCache[int] = BoundedCache(3_000)
    sizes: dict[int, int] = {}
    for key, size in puts:
        cache.put(key, size, size)
        sizes[key] = size
        assert cache.held <= 3_000
    kept = {key: cache.get(key) for key in sizes if cache.get(key) is not None}
    assert cache.held == sum(size + ENTRY_OVERHEAD for size in kept.values() if size is not None)


def test_many_threads_leave_it_whole(in_threads: Callable[[int, Callable[[int], Any]], list[Any]]) -> None:
    cache: BoundedCache[int] = BoundedCache(20_000)

    def work(place: int) -> None:
        for number in range(500):
            cache.put((place + number) % 40, number, number % 300)
            cache.get(number % 40)

    in_threads(8, work)
    assert 0 < cache.held <= 20_000
    cache.clear()
    assert cache.held == 0
