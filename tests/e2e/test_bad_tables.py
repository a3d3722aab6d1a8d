"""The bilingual shop with its tables spoilt in every way: each bad row is named, and every good one is kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tradewind.data.store import open_store
from tradewind.settings import load_shop

BAD_ITEMS: list[tuple[dict[str, str], str, str]] = [
    ({"price": "-1"}, "price", "negative"),
    ({"price": "abc"}, "price", "wrong_type"),
    ({"price": "1e999"}, "price", "not_a_number"),
    ({"sku": ""}, "id", "missing_id"),
    ({"sku": "F004"}, "id", "duplicate_id"),
    ({"stock": "perhaps"}, "availability", "unknown_availability"),
    ({"title_zh": "x" * 3_000}, "title", "too_long"),
]
BAD_EVENTS: list[tuple[dict[str, str], str, str]] = [
    ({"item": "NOPE"}, "item", "unknown_item"),
    ({"time": "2999-01-01T00:00:00"}, "time", "future_time"),
    ({"time": "yesterday"}, "time", "wrong_type"),
    ({"type": "teleport"}, "type", "unknown_type"),
    ({"value": "-1"}, "value", "negative"),
    ({"value": "abc"}, "value", "wrong_type"),
    ({"quantity": "two"}, "quantity", "wrong_type"),
    ({"user": ""}, "user", "missing_user"),
]


class Tables:
    """The two tables of the shop as CSV; what is appended to them lies on lines that are counted."""

    def __init__(self, shop: Path) -> None:
        self.shop = shop
        rows = [json.loads(line) for line in (shop / "products.jsonl").read_text(encoding="utf-8").splitlines()]
        self.items = list(dict.fromkeys(name for row in rows for name in row))
        with (shop / "products.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, self.items, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        yaml = (shop / "shop.yaml").read_text(encoding="utf-8")
        (shop / "shop.yaml").write_text(yaml.replace("products.jsonl", "products.csv"), encoding="utf-8")

    def spoil(self, table: str, bad: list[tuple[dict[str, str], str, str]]) -> list[tuple[int, str, str]]:
        """Appends the first row once for each change; returns where each lies, its field and its reason."""
        path = self.shop / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            head, first = (next(reader := csv.reader(file)), next(reader))
        lines = path.read_text(encoding="utf-8").count("\n")
        key = "sku" if table == "products" else "event_id"
        with path.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for place, (change, _, _) in enumerate(bad):
                row = dict(zip(head, first, strict=True)) | {key: f"bad{place}"} | change
                writer.writerow([row[name] for name in head])
        return [(lines + place, field, reason) for place, (_, field, reason) in enumerate(bad, 1)]


def listed(shop: Path, table: str) -> list[tuple[int, str, str]]:
    found = [json.loads(line) for line in (shop / f".tradewind/quarantine/{table}.jsonl").read_text().splitlines()]
    assert {one["file"] for one in found} <= {"products.csv", "events.csv"}
    return sorted((one["line"], one["field"], one["reason"]) for one in found)


def rows(shop: Path) -> tuple[int, int]:
    with closing(open_store(load_shop(shop))) as store:
        return store.items_table().num_rows, store.events_table().num_rows


@pytest.fixture
def tables(tmp_path: Path, copy_shop: Callable[[Path], None]) -> Tables:
    copy_shop(tmp_path / "shop")
    return Tables(tmp_path / "shop")


def test_every_bad_row_is_listed_with_line_field_and_reason_and_every_good_one_is_kept(
    tables: Tables, cli: Any
) -> None:
    wanted = {"items": tables.spoil("products", BAD_ITEMS), "events": tables.spoil("events", BAD_EVENTS)}
    with (tables.shop / "products.csv").open("ab") as file:
        file.write(b"Z1,caf\xe9" + b"," * (len(tables.items) - 2) + b"\n" + b"Z2,short\n")
    done = cli.run("ingest", tables.shop)
    assert "262 read = 253 stored + 0 there already + 9 in quarantine" in done.stderr
    assert "19,128 read = 19,120 stored + 0 there already + 8 in quarantine" in done.stderr
    after = wanted["items"][-1][0]
    broken = {(after + 1, "broken_utf8"), (after + 2, "wrong_number_of_columns")}
    found = listed(tables.shop, "items")
    assert {(line, reason) for line, _, reason in found} == {(line, why) for line, _, why in wanted["items"]} | broken
    assert set(wanted["items"]) <= set(found)
    assert listed(tables.shop, "events") == wanted["events"]
    assert rows(tables.shop) == (253, 19_120)


@pytest.mark.parametrize(
    ("table", "column", "spoilt"),
    [("products", "price", "pirce"), ("events", "item", "itme")],
)
def test_a_missing_column_stops_the_load_before_anything_is_lost(
    tables: Tables, cli: Any, table: str, column: str, spoilt: str
) -> None:
    cli.run("ingest", tables.shop)
    path = tables.shop / f"{table}.csv"
    head, _, body = path.read_text(encoding="utf-8").partition("\n")
    names = [spoilt if name == column else name for name in head.split(",")]
    path.write_text(",".join(names) + "\n" + body, encoding="utf-8")
    done = cli.run("ingest", tables.shop, check=False)
    assert done.returncode == 2
    assert f"{table}.csv: there is no column {column!r}; did you mean {spoilt!r}?" in done.stderr
    assert f"it has: {', '.join(names)}" in done.stderr
    assert rows(tables.shop) == (253, 19_120)
