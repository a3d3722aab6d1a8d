from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.data.records import Item
from tradewind.index.catalogue import Catalogue
from tradewind.index.delta import Delta
from tradewind.index.filters import Filters
from tradewind.index.view import CatalogueView

FIELDS = ["category", "brand", "colour", "size"]
ASKED = [
    Filters(),
    Filters({"category": ("Grocery",)}),
    Filters({"category": ("Grocery > Dairy", "灯具"), "size": ("S", "M")}, price_max=15.0),
    Filters({"brand": ("New brand", "Alder")}, in_stock=True),
    Filters({"brand": ("nobody",)}),
]
QUERIES = ["pizza", "milk", "洗发水", "猫粮", "lamp", "台灯", "organic", "yoghrt", "brook", "grocery"]


def changed(items: list[Item]) -> list[Item | str]:
    """Returns items to change, to add, and ids to remove, in an order that overrides itself."""
    moved = replace(
        items[3], title="Desk lamp, 1 pack", category=("灯具", "台灯"), text="Desk lamp 台灯", brand="New brand"
    )
    return [
        moved,
        replace(items[4], price=1.0),
        *[item.id for item in items[10:40]],
        *[replace(items[5 + at], id=f"new{at}", title=f"{items[5 + at].title} extra") for at in range(8)],
        replace(items[11], title="Back again, pizza"),
        "new7",
        "never there",
        replace(moved, price=7.5),
        replace(
            items[20], id="lamp2", title="护眼台灯", category=("灯具",), text="护眼台灯", brand=None, attributes={}
        ),
    ]


def merged(items: list[Item], changes: list[Item | str]) -> list[Item]:
    kept = {item.id: item for item in items}
    for change in changes:
        if isinstance(change, str):
            kept.pop(change, None)
        else:
            kept[change.id] = change
    return list(kept.values())


@pytest.fixture(scope="module")
def views(
    make: Callable[..., Catalogue], tools: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[CatalogueView, CatalogueView]:
    """A view with changes on top, and a view of an index that was built with the changes in it."""
    folder, items = tmp_path_factory.mktemp("delta"), tools.items(300)
    log = tools.events(items)
    changes = changed(items)
    delta = Delta().apply([tools.change(at + 1, change) for at, change in enumerate(changes)])
    live = make(folder / "base", items, log).view(delta)
    return live, make(folder / "rebuilt", merged(items, changes), log).view()


def ids(view: CatalogueView, rows: np.ndarray) -> list[str]:
    return [item.id for item in view.items(rows)]


def test_the_same_items_are_there(views: tuple[CatalogueView, CatalogueView]) -> None:
    live, rebuilt = views
    assert live.size == rebuilt.size
    assert sorted(ids(live, live.select())) == sorted(ids(rebuilt, rebuilt.select()))
    for item in rebuilt.items(rebuilt.select()):
        row = live.row_of(item.id)
        assert row is not None
        assert live.item(row) == item
    for gone in ("i00010", "new7", "never there"):
        assert live.row_of(gone) is None


@pytest.mark.parametrize("asked", ASKED)
def test_filters_and_facets_count_the_same(views: tuple[CatalogueView, CatalogueView], asked: Filters) -> None:
    live, rebuilt = views
    assert live.matching(asked) == rebuilt.matching(asked) == len(live.select(asked))
    assert sorted(ids(live, live.select(asked))) == sorted(ids(rebuilt, rebuilt.select(asked)))
    assert live.facets_all(asked, FIELDS) == rebuilt.facets_all(asked, FIELDS)
    assert live.price_range(live.select(asked)) == rebuilt.price_range(rebuilt.select(asked))


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("asked", ASKED[:3])
def test_text_finds_the_same_items(views: tuple[CatalogueView, CatalogueView], query: str, asked: Filters) -> None:
    live, rebuilt = views
    assert sorted(ids(live, live.lexical(query, 500, asked).rows)) == sorted(
        ids(rebuilt, rebuilt.lexical(query, 500, asked).rows)
    )


@pytest.mark.parametrize("asked", ASKED[:3])
def test_vectors_find_the_same_items_with_the_same_scores(
    views: tuple[CatalogueView, CatalogueView], tools: Any, asked: Filters
) -> None:
    live, rebuilt = views
    for text in ("Desk lamp 台灯", "organic Whole milk", "冷冻披萨"):
        mine, theirs = live.vector(tools.vector(text), 20, asked), rebuilt.vector(tools.vector(text), 20, asked)
        assert mine.scores.tobytes() == theirs.scores.tobytes()
        above = mine.scores > mine.scores[-1]
        assert sorted(ids(live, mine.rows[above])) == sorted(ids(rebuilt, theirs.rows[above]))


@pytest.mark.parametrize("prefix", ["des", "台", "gro", "mi", "extra", "护眼"])
def test_completion_offers_the_same(views: tuple[CatalogueView, CatalogueView], prefix: str) -> None:
    live, rebuilt = views
    assert sorted(live.complete(prefix, 30), key=str) == sorted(rebuilt.complete(prefix, 30), key=str)


def test_companions_and_trends_follow_an_item_that_changed(
    make: Callable[..., Catalogue], tools: Any, tmp_path: Path
) -> None:
    items = tools.items(12)
    groups = [items[:3], items[:3], items[:2], items[5:7], items[5:7], items[3:5]]
    log = [
        {"type": "purchase", "item": item.id, "basket": f"b{at}"} for at, group in enumerate(groups) for item in group
    ]
    catalogue = make(tmp_path / "c", items, tools.log(log))
    before = catalogue.view()
    row = before.row_of(items[0].id) or 0
    assert len(before.together(row, 9)) == 2
    friends = ids(before, before.together(row, 9).rows)
    anchor, gone, moved = before.item(row), friends[0], before.item(before.row_of(friends[1]) or 0)
    rising = ids(before, before.trending(12).rows)
    changes: list[Item | str] = [replace(anchor, price=1.0), gone, replace(moved, title="Moved")]
    after = catalogue.view(Delta().apply([tools.change(at + 1, change) for at, change in enumerate(changes)]))
    row = after.row_of(anchor.id) or 0
    assert ids(after, after.together(row, 9).rows) == friends[1:]
    assert after.item(int(after.together(row, 9).rows[0])).title == "Moved"
    assert len(after.together_counts(row, 9)) == len(friends) - 1
    assert ids(after, after.trending(12).rows) == [each for each in rising if each != gone]
    assert after.popularity(np.asarray([row]))[0] == before.popularity(np.asarray([before.row_of(anchor.id)]))[0]


def test_a_delta_is_a_value_and_knows_what_it_has(tools: Any) -> None:
    item = tools.items(1)[0]
    one = Delta().apply([tools.change(2, item), tools.change(1, "x")])
    assert (one.number, len(one)) == (2, 2)
    assert one.apply([tools.change(2, "y")]) is one
    two = one.apply([tools.change(3, item.id)])
    assert one.changes[item.id].item == item
    assert two.changes[item.id].item is None


def test_steps_and_one_leap_give_the_same_answers(catalogue: Catalogue, tools: Any) -> None:
    changes = [tools.change(at + 1, change) for at, change in enumerate(changed(tools.items(300)))]
    step = Delta()
    for change in changes:
        step = step.apply([change])
        catalogue.view(step)
    stepped, leapt = catalogue.view(step), catalogue.view(Delta().apply(changes))
    for query in QUERIES:
        mine, theirs = stepped.lexical(query, 50), leapt.lexical(query, 50)
        assert mine.rows.tolist() == theirs.rows.tolist()
        assert mine.scores.tobytes() == theirs.scores.tobytes()


def test_a_vector_that_does_not_fit_leaves_the_item_findable_by_text(catalogue: Catalogue, tools: Any) -> None:
    item = replace(tools.items(1)[0], id="odd", title="Zebra lamp")
    for vector in (None, b"", b"123", np.full(48, np.nan, dtype=np.float32).tobytes()):
        view = catalogue.view(Delta().apply([replace(tools.change(1, item), vector=vector)]))
        assert ids(view, view.lexical("zebra", 5).rows) == ["odd"]
        assert "odd" not in ids(view, view.vector(tools.vector(item.text), 700).rows)


def test_a_view_never_changes_when_a_later_one_is_made(catalogue: Catalogue, tools: Any) -> None:
    before = catalogue.view()
    rows = before.lexical("pizza", 20).rows.tolist()
    catalogue.view(Delta().apply([tools.change(at + 1, item.id) for at, item in enumerate(before.items(rows))]))
    assert before.lexical("pizza", 20).rows.tolist() == rows
