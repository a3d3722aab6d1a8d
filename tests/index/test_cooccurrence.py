from __future__ import annotations

import math
from collections import Counter
from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.index import cooccurrence
from tradewind.index.cooccurrence import count_companions, log_likelihood

SIZE = 8
baskets = st.lists(st.lists(st.integers(0, SIZE - 1), max_size=6), max_size=30)


def rows_of(log: pa.Table) -> pa.Array:
    return pc.index_in(log.column("item"), pa.array([str(row) for row in range(SIZE)]))


def textbook(both: int, left: int, right: int, total: int) -> float:
    cells = [[both, left - both], [right - both, total - left - right + both]]
    expected = [[left * right, left * (total - right)], [(total - left) * right, (total - left) * (total - right)]]
    pairs = [(cells[i][j], expected[i][j] / total) for i in (0, 1) for j in (0, 1)]
    return 2 * sum(cell * math.log(cell / mean) for cell, mean in pairs if cell)


@settings(deadline=None)
@given(baskets)
def test_companions_are_those_of_a_naive_count(tools: Any, found: list[list[int]]) -> None:
    log = tools.log(
        [
            {"type": "purchase", "item": str(row), "basket": f"b{at}"}
            for at, basket in enumerate(found)
            for row in basket
        ]
    )
    counted = count_companions(log, rows_of(log), SIZE, per_item=3)
    held = Counter(row for basket in found for row in set(basket))
    together = Counter(pair for basket in found for pair in permutations(set(basket), 2))
    total = sum(1 for basket in found if basket)
    for row in range(SIZE):
        pairs = {other: n for (first, other), n in together.items() if first == row and n >= 2}
        lifted = {other: n for other, n in pairs.items() if n * total > held[row] * held[other]}
        scores = {other: textbook(n, held[row], held[other], total) for other, n in lifted.items()}
        where = counted.of(row)
        assert counted.scores[where].tolist() == pytest.approx(
            sorted(scores.values(), reverse=True)[:3], rel=1e-4, abs=1e-5
        )
        for other, n in zip(counted.rows[where].tolist(), counted.counts[where].tolist(), strict=True):
            assert lifted[other] == n


def test_cutting_the_work_into_parts_changes_nothing(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    items = tools.items(40)
    log = tools.events(items, baskets=300)
    rows = pc.index_in(log.column("item"), pa.array([item.id for item in items]))
    whole = count_companions(log, rows, 40, 50)
    monkeypatch.setattr(cooccurrence, "_PAIRS_AT_ONCE", 50)
    parts = count_companions(log, rows, 40, 50)
    for name in ("starts", "rows", "scores", "counts"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))


def test_purchases_without_a_basket_are_grouped_by_person_and_day(tools: Any) -> None:
    rows = [{"type": "purchase", "item": item, "user": f"u{at}"} for at in range(3) for item in "01"]
    log = tools.log([*rows, *[{"type": "purchase", "item": "2", "visitor": f"v{at}"} for at in range(3)]])
    found = count_companions(log, rows_of(log), SIZE, 5)
    assert found.rows[found.of(0)].tolist() == [1]
    assert found.counts[found.of(0)].tolist() == [3]


def test_an_empty_log_has_no_companions(tools: Any) -> None:
    log = tools.log([])
    assert len(count_companions(log, rows_of(log), SIZE, 5).rows) == 0


def test_independent_items_score_zero() -> None:
    one = np.asarray([25.0]), np.asarray([50.0]), np.asarray([50.0])
    assert log_likelihood(*one, 100.0) == pytest.approx([0.0], abs=1e-9)
