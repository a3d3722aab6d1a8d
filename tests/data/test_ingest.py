from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from tradewind.data.ingest import ingest
from tradewind.data.records import Item
from tradewind.data.report import IngestReport
from tradewind.data.snapshot import latest_snapshot
from tradewind.data.store import Store, open_store
from tradewind.errors import ConfigError, DataError
from tradewind.settings import DerivedPrice, EventSettings, Shop

HEADER = "id,name,kind,brand,price,stock\n"
EVENT_HEADER = "kind,when,who,what,words,paid,count\n"


def bad_rows(shop: Shop, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (shop.quarantine / f"{table}.jsonl").read_text().splitlines()]


def assert_adds_up(shop: Shop, report: IngestReport) -> None:
    for table in report.tables:
        assert table.read == table.stored + table.duplicates + table.quarantined, table
        assert table.quarantined == sum(table.reasons.values()) == len(bad_rows(shop, table.table))


def test_good_tables_become_items_and_events(make_shop: Any) -> None:
    shop = make_shop()
    report = ingest(shop)
    assert_adds_up(shop, report)
    assert [(table.table, table.read, table.stored) for table in report.tables] == [("items", 3, 3), ("events", 3, 3)]
    snapshot = latest_snapshot(shop)
    items = snapshot.items().to_pylist()
    assert [(item["title"], item["price"], item["availability"], item["language"]) for item in items] == [
        ("Shampoo", 3.5, "in_stock", "en"), ("洗发水", 12.0, "out_of_stock", "zh"), ("Cat food", None, "in_stock", "en")
    ]  # fmt: skip
    assert items[0]["text"] == "Shampoo. Hair > Wash. Acme"
    assert snapshot.events()["type"].to_pylist() == ["search", "view", "purchase"]
    assert report.snapshot == snapshot.hash


def test_no_user_id_of_the_shop_is_in_the_log_or_the_snapshot(make_shop: Any) -> None:
    shop = make_shop(events=EVENT_HEADER + "purchase,2026-01-02,ann.lee.4711,1,,1,1\n")
    ingest(shop)
    for file in shop.snapshots.rglob("*.parquet"):
        assert b"ann.lee.4711" not in file.read_bytes()
    with closing(open_store(shop)) as store:
        assert store.events_table()["user"].to_pylist() == [store.pseudonym("ann.lee.4711", create=False)]


def test_the_same_tables_again_are_duplicates_and_the_same_snapshot(make_shop: Any) -> None:
    shop = make_shop()
    first, second = ingest(shop), ingest(shop)
    assert [table.duplicates for table in second.tables] == [3, 3]
    assert [table.stored for table in second.tables] == [0, 0]
    assert second.snapshot == first.snapshot


def test_identical_lines_are_separate_events_and_stay_so(make_shop: Any) -> None:
    line = "purchase,2026-01-02,ann,1,,1,1\n"
    shop = make_shop(events=EVENT_HEADER + line * 3)
    assert ingest(shop).tables[1].stored == 3
    make_shop(events=EVENT_HEADER + line * 4)
    again = ingest(shop).tables[1]
    assert (again.stored, again.duplicates) == (1, 3)


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("9,X,,,-1,", "price", "negative"),
        ("9,X,,,abc,", "price", "wrong_type"),
        ("9,X,,,nan,", "price", "not_a_number"),
        ("9,X,,,inf,", "price", "not_a_number"),
        (",X,,,1,", "id", "missing_id"),
        ("1,Again,,,1,", "id", "duplicate_id"),
        ("9,,,,1,", "title", "missing_title"),
        ("9," + "x" * 3000 + ",,,1,", "title", "too_long"),
        ("9,X,,,1,perhaps", "availability", "unknown_availability"),
        ("9\0,X,,,1,", "id", "control_character"),
        ("9,X,,", None, "wrong_number_of_columns"),
    ],
)
def test_a_bad_item_is_listed_with_line_field_and_reason(
    make_shop: Any, row: str, field: str | None, reason: str
) -> None:
    shop = make_shop(items=f"{HEADER}1,Shampoo,,,1,\n{row}\n2,Soap,,,2,\n3,Comb,,,2,\n")
    report = ingest(shop)
    assert_adds_up(shop, report)
    (found,) = bad_rows(shop, "items")
    assert (found["file"], found["line"], found["field"], found["reason"]) == ("items.csv", 3, field, reason)
    assert latest_snapshot(shop).items()["id"].to_pylist() == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ("purchase,2026-01-02,ann,999,,1,1", "item", "unknown_item"),
        ("teleport,2026-01-02,ann,1,,1,1", "type", "unknown_type"),
        (",2026-01-02,ann,1,,1,1", "type", "missing_type"),
        ("purchase,2999-01-01,ann,1,,1,1", "time", "future_time"),
        ("purchase,yesterday,ann,1,,1,1", "time", "wrong_type"),
        ("purchase,,ann,1,,1,1", "time", "missing_time"),
        ("purchase,2026-02-30,ann,1,,1,1", "time", "wrong_type"),
        ("purchase,2026-01-02,ann,,,1,1", "item", "missing_item"),
        ("search,2026-01-02,ann,,,,", "query", "missing_query"),
        ("purchase,2026-01-02,,1,,1,1", "user", "missing_user"),
        ("purchase,2026-01-02,ann,1,,-5,1", "value", "negative"),
        ("purchase,2026-01-02,ann,1,,1,two", "quantity", "wrong_type"),
        ("search,2026-01-02,ann,," + "x" * 5000 + ",,", "query", "too_long"),
    ],
)
def test_a_bad_event_is_listed_with_line_field_and_reason(make_shop: Any, row: str, field: str, reason: str) -> None:
    good = "purchase,2026-01-02,ann,1,,1,1\n"
    shop = make_shop(events=f"{EVENT_HEADER}{good}{row}\n{good}")
    report = ingest(shop)
    assert_adds_up(shop, report)
    (found,) = bad_rows(shop, "events")
    assert (found["file"], found["line"], found["field"], found["reason"]) == ("events.csv", 3, field, reason)
    assert latest_snapshot(shop).events().num_rows == 2


def test_broken_utf8_is_named_with_its_line_and_the_other_rows_are_kept(make_shop: Any) -> None:
    items = HEADER.encode() + b"1,Good,,,1,\n2,Caf\xe9,,,1,\n" + "3,好,,,1,\n".encode()
    shop = make_shop(items=items)
    assert_adds_up(shop, ingest(shop))
    (found,) = bad_rows(shop, "items")
    assert (found["line"], found["field"], found["reason"]) == (3, "title", "broken_utf8")
    assert latest_snapshot(shop).items()["title"].to_pylist() == ["Good", "好"]


@pytest.mark.parametrize(("row", "field"), [(b"2,Caf\xe9,,Acme,1,", "title"), (b"2,X,,,1\xe9,", "price")])
def test_a_value_that_is_half_readable_is_never_taken_for_a_whole_one(make_shop: Any, row: bytes, field: str) -> None:
    shop = make_shop(items=HEADER.encode() + b"1,Good,,Acme,1,\n" + row + b"\n")
    items = shop.settings.items.model_copy(update={"title": "{name}, {brand}"})
    shop = Shop(shop.settings.model_copy(update={"items": items}), shop.root)
    assert_adds_up(shop, ingest(shop))
    assert [(found["line"], found["field"], found["reason"]) for found in bad_rows(shop, "items")] == [
        (3, field, "broken_utf8")
    ]
    assert latest_snapshot(shop).items()["title"].to_pylist() == ["Good, Acme"]


@pytest.mark.parametrize("field", ["when", "paid", "what"])
def test_an_event_with_a_value_that_is_not_utf8_says_so(make_shop: Any, field: str) -> None:
    good = dict(zip(EVENT_HEADER.strip().split(","), ["purchase", "2026-01-02", "ann", "1", "", "1", "1"], strict=True))
    raw = ",".join({**good, field: good[field] + "\udce9"}.values()).encode("utf-8", "surrogateescape")
    shop = make_shop(events=EVENT_HEADER.encode() + raw + b"\n")
    assert_adds_up(shop, ingest(shop))
    (found,) = bad_rows(shop, "events")
    assert (found["line"], found["reason"]) == (2, "broken_utf8")


def test_a_line_number_counts_lines_inside_quotes(make_shop: Any) -> None:
    shop = make_shop(items=HEADER + '1,"two\nlines",,,1,\n\n2,X,,,abc,\n')
    ingest(shop)
    assert [found["line"] for found in bad_rows(shop, "items")] == [5]
    assert latest_snapshot(shop).items()["title"].to_pylist() == ["two lines"]


def test_a_missing_column_is_an_error_naming_the_nearest(make_shop: Any) -> None:
    with pytest.raises(DataError, match=r"no column 'price'; did you mean 'pirce'\?"):
        ingest(make_shop(items="id,name,kind,brand,pirce,stock\n1,X,,,1,\n"))


@pytest.mark.parametrize(
    ("path", "error", "told"),
    [
        ("gone.csv", DataError, "no such file"),
        ("package:not_there_at_all/x.csv", DataError, "not installed"),
        ("items.xlsx", ConfigError, "ending of 'items.xlsx'"),
    ],
)
def test_a_source_that_is_not_there_is_an_error_and_no_trace(
    make_shop: Any, path: str, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        ingest(with_source(make_shop(), path=path))


def with_source(shop: Shop, **source: str | None) -> Shop:
    items = shop.settings.items
    items = items.model_copy(update={"source": items.source.model_copy(update=source)})
    return Shop(shop.settings.model_copy(update={"items": items}), shop.root)


def test_mapped_event_ids_make_repeats_duplicates_and_changed_bodies_conflicts(make_shop: Any) -> None:
    settings = EventSettings.model_validate(
        {
            "source": {"path": "events.csv"}, "event_id": "nr", "type": "=purchase", "time": "when", "user": "who",
            "item": "what", "value": "paid",
        }
    )  # fmt: skip
    rows = "a,2026-01-02,ann,1,1\na,2026-01-02,ann,1,1\na,2026-01-02,ann,1,9\nb,2026-01-02,ann,1,1\n"
    shop = make_shop(events="nr,when,who,what,paid\n" + rows)
    shop = Shop(shop.settings.model_copy(update={"events": [settings]}), shop.root)
    for wanted in ((2, 1), (0, 3)):
        report = ingest(shop)
        assert_adds_up(shop, report)
        assert (report.tables[1].stored, report.tables[1].duplicates) == wanted
        assert dict(report.tables[1].reasons) == {"conflict": 1}


def test_a_query_is_masked_and_counted(make_shop: Any) -> None:
    shop = make_shop(events=EVENT_HEADER + 'search,2026-01-02,ann,,"gift, 13812345678",,\n')
    report = ingest(shop)
    assert latest_snapshot(shop).events()["query"].to_pylist() == ["gift, [phone]"]
    assert report.tables[1].notes["masked_phone"] == 1


def test_a_quarantined_value_is_masked_and_a_person_is_never_shown(make_shop: Any) -> None:
    rows = "search,2026-13-02,ann,,x,,\nsearch,2026-01-02,a\0b,,x,,\npurchase,2026-01-02,ann,13812345678,,1,1\n"
    shop = make_shop(events=EVENT_HEADER + rows)
    ingest(shop)
    assert [found["value"] for found in bad_rows(shop, "events")] == ["2026-13-02", "[hidden]", "[phone]"]


def test_a_price_is_derived_from_the_last_weeks_and_absent_when_not_sold(make_shop: Any) -> None:
    rows = [
        ("2026-03-01", 1, 9, 3),
        ("2026-03-02", 1, 4, 1),
        ("2026-03-03", 1, 100, 10),
        ("2026-01-01", 2, 7, 1),
        ("2026-03-03", 3, 0, 1),
    ]
    events = EVENT_HEADER + "".join(f"purchase,{day},ann,{item},,{paid},{count}\n" for day, item, paid, count in rows)
    shop = make_shop(events=events)
    derived = shop.settings.items.model_copy(update={"price": DerivedPrice(weeks=2)})
    shop = Shop(shop.settings.model_copy(update={"items": derived}), shop.root)
    assert ingest(shop).priced == 1
    items = latest_snapshot(shop).items().to_pylist()
    assert [(item["price"], item["price_derived"]) for item in items] == [(4.0, True), (None, False), (None, False)]


def test_a_changed_row_replaces_its_item_and_a_vanished_one_leaves(make_shop: Any) -> None:
    shop = make_shop(
        items=HEADER + "1,Old,,,1,\n2,Gone,,,1,\n3,Spoilt,,,1,\n", events=EVENT_HEADER + "view,2026-01-02,ann,2,,,\n"
    )
    ingest(shop)
    make_shop(items=HEADER + "1,New,,,1,\n3,Spoilt,,,abc,\n", events=EVENT_HEADER + "view,2026-01-03,ann,2,,,\n")
    report = ingest(shop)
    assert latest_snapshot(shop).items()["title"].to_pylist() == ["New", "Spoilt"]
    assert report.tables[0].notes["items_that_left_the_catalogue"] == 1
    assert report.tables[1].stored == 1, "an item that left is still known"


def test_a_live_change_outlives_the_same_table_and_gives_way_to_a_changed_row(make_shop: Any) -> None:
    shop = make_shop()
    ingest(shop)
    with closing(open_store(shop)) as store:
        _reprice(store, 99.0)
    ingest(shop)
    assert latest_snapshot(shop).items()["price"].to_pylist()[0] == 99.0
    make_shop(items=HEADER + "1,Shampoo,,,5,\n2,洗发水,,,1,\n3,Cat food,,,1,\n")
    ingest(shop)
    assert latest_snapshot(shop).items()["price"].to_pylist()[0] == 5.0


def _reprice(store: Store, price: float) -> None:
    store.change_items([(Item("1", "Shampoo", price=price), b"")], [])


def test_a_forgotten_person_is_not_known_again_by_loading_the_same_file(make_shop: Any) -> None:
    shop = make_shop()
    ingest(shop)
    with closing(open_store(shop)) as store:
        pseudonym = store.pseudonym("ann", create=False) or ""
        store.add_tombstone(pseudonym)
        store.unlink("ann")
    report = ingest(shop)
    assert_adds_up(shop, report)
    assert report.tables[1].stored == 0
    with closing(open_store(shop)) as store:
        assert store.pseudonym("ann", create=False) is None
        assert store.events_table().num_rows == 1


@pytest.mark.parametrize("kind", ["jsonl", "parquet", "sql"])
def test_every_kind_of_source_gives_the_same_items(make_shop: Any, kind: str, tmp_path: Path) -> None:
    shop = make_shop()
    wanted = ingest(shop).snapshot
    table = pa.table(
        {
            "id": [1, 2, 3], "name": ["Shampoo", "洗发水", "Cat food"], "kind": ["Hair > Wash", "Hair > Wash", "Pets"],
            "brand": ["Acme", None, "Meow"], "price": [3.5, 12.0, None], "stock": ["yes", "no", None],
        }
    )  # fmt: skip
    report = ingest(with_source(shop, **_written(table, kind, tmp_path)))
    assert report.snapshot == wanted
    assert report.tables[0].duplicates == 3


def _written(table: pa.Table, kind: str, folder: Path) -> dict[str, str | None]:
    if kind == "parquet":
        pq.write_table(table, folder / "items.parquet")
        return {"path": "items.parquet"}
    if kind == "jsonl":
        rows = [{**row, "kind": row["kind"].split(" > ")} for row in table.to_pylist()]
        (folder / "items.jsonl").write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows))
        return {"path": "items.jsonl"}
    engine = create_engine(f"sqlite:///{folder / 'shop.db'}")
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE goods (id INTEGER, name TEXT, kind TEXT, brand TEXT, price REAL, stock TEXT)")
        )
        connection.execute(
            text("INSERT INTO goods VALUES (:id, :name, :kind, :brand, :price, :stock)"), table.to_pylist()
        )
    engine.dispose()
    return {"path": None, "url": "sqlite:///shop.db", "query": "SELECT * FROM goods"}


def test_the_report_is_written_for_people_and_for_programs(make_shop: Any) -> None:
    shop = make_shop(items=HEADER + "1,Shampoo,,,1,\n9,X,,,abc,\n", events=EVENT_HEADER)
    report = ingest(shop)
    assert json.loads((shop.reports / "ingest.json").read_text()) == json.loads(json.dumps(report.to_dict()))
    told = (shop.reports / "ingest.txt").read_text()
    assert "2 read = 1 stored + 0 there already + 1 in quarantine" in told
    assert "wrong type: 1" in told


CELL = st.sampled_from(
    ["", "1", "2", "9", "abc", "-1", "nan", "2026-01-02", "2999-01-01", "purchase", "view", "search", "ann", "x" * 300]
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    items=st.lists(st.lists(CELL, min_size=5, max_size=7), max_size=12),
    events=st.lists(st.lists(CELL, min_size=6, max_size=8), max_size=12),
)
def test_whatever_comes_every_row_is_accounted_for(
    make_shop: Any, items: list[list[str]], events: list[list[str]]
) -> None:
    def table(header: str, rows: list[list[str]]) -> str:
        return header + "".join(",".join(row) + "\n" for row in rows)

    shop = make_shop(items=table(HEADER, items), events=table(EVENT_HEADER, events))
    report = ingest(shop)
    assert_adds_up(shop, report)
    assert [table.read for table in report.tables] == [len(items), len(events)]
