from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tradewind.index.bm25 import LENGTH_STEPS, stored_length
from tradewind.index.catalogue import Catalogue
from tradewind.index.lexical_fields import field_terms
from tradewind.index.live_text import AnalysedItem, LiveText


def test_lengths_are_exact_below_forty_and_rounded_down_above() -> None:
    assert [stored_length(length) for length in (0, 1, 39, 40, 41, 43, 57, 1000)] == [0, 1, 39, 40, 40, 42, 56, 984]
    assert list(LENGTH_STEPS) == sorted(set(LENGTH_STEPS))
    assert len(LENGTH_STEPS) == 256


@pytest.mark.parametrize(
    "query", ["frozen pizza", "organic milk", "洗发水", "猫粮", "清爽 shampoo", "alder", "500 g", "宠物"]
)
@pytest.mark.parametrize("every", [True, False])
def test_the_same_items_score_the_same_in_memory_and_in_the_text_index(
    catalogue: Catalogue, tools: Any, query: str, every: bool
) -> None:
    view, base = catalogue.view(), catalogue.base
    analysed = [AnalysedItem.of(field_terms(view.item(row), base.analyser)) for row in range(base.size)]
    live = LiveText(analysed, base.text.collection, base.text.frequency)
    units = view.understand(query).units
    stored = base.text.search(units, base.size, every=every, narrowed=None, hidden=np.zeros(0, dtype=np.int64))
    places, scores = live.search(units, every=every)
    assert sorted(places.tolist()) == sorted(stored.rows.tolist())
    mine = dict(zip(places.tolist(), scores.tolist(), strict=True))
    assert stored.scores.tolist() == pytest.approx([mine[row] for row in stored.rows.tolist()], rel=1e-5)
