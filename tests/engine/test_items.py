from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tradewind.data.records import Item
from tradewind.data.store import Store
from tradewind.engine.engine import Engine
from tradewind.engine.items import change_items
from tradewind.engine.live_vectors import unpack
from tradewind.errors import StoreError

TEA = Item("tea", "Green tea", text="ignored", category=("Drinks", "Tea"), brand="Summit", attributes={"size": "small"})


def test_an_item_added_live_gets_the_text_of_the_template_and_its_vector(engine: Engine, store: Store) -> None:
    number = change_items(engine, [TEA])
    change = store.item_changes(0)[-1]
    assert change.number == number and change.item is not None
    assert change.item.text.startswith("Green tea. Drinks > Tea. Summit")
    vector = unpack(change.vector, "encoder/match/one", 32)
    assert vector is not None
    assert np.array_equal(vector, engine.serving.parts.encoder.encode([change.item.text], "passage")[0])


def test_equal_texts_are_encoded_once(engine: Engine, encoder: Any) -> None:
    change_items(engine, [replace(TEA, id=f"tea{number}") for number in range(20)])
    assert encoder.calls == 1


def test_a_changed_item_replaces_itself_and_keeps_its_companions(engine: Engine) -> None:
    view = engine.serving.view
    row = view.row_of("frozen-small-0")
    assert row is not None
    change_items(engine, [replace(view.item(row), price=99.0)])
    now = engine.serving.view
    moved = now.row_of("frozen-small-0")
    assert moved is not None and now.item(moved).price == 99.0 and now.size == view.size
    assert now.item(int(now.together(moved, 1).rows[0])).id == "cola-small-0"


def test_when_the_store_refuses_nothing_changes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise StoreError("the disk is full")

    monkeypatch.setattr(engine.store, "change_items", refuse)
    with pytest.raises(StoreError):
        change_items(engine, [TEA])
    assert engine.serving.view.row_of("tea") is None
