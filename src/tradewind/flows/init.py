"""Writes a first shop.yaml for somebody's own tables, filled in from the tables it finds beside it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from tradewind.errors import ConfigError

ITEM_WORDS: Final = {
    "id": ("id", "item_id", "product_id", "sku", "asin", "goods_id", "商品id", "商品编号"),
    "title": ("title", "name", "product_name", "item_name", "product_title", "description", "商品名称", "标题", "名称"),
    "category": ("category", "category_path", "categories", "product_type", "department", "类目", "分类"),
    "brand": ("brand", "manufacturer", "vendor", "品牌"),
    "price": ("price", "sale_price", "unit_price", "价格", "售价"),
}
EVENT_WORDS: Final = {
    "time": ("time", "timestamp", "event_time", "created_at", "date", "order_date", "invoicedate", "时间", "下单时间"),
    "user": ("user", "user_id", "customer_id", "customerid", "household_id", "member_id", "用户id"),
    "item": ("item", "item_id", "product_id", "sku", "stockcode", "asin", "商品id"),
    "basket": ("basket", "basket_id", "order_id", "invoiceno", "session_id", "订单号"),
    "type": ("type", "event_type", "event", "action", "行为"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table found in the folder: its file name and its columns."""

    file: str
    columns: tuple[str, ...]


def init_shop(folder: Path) -> Path:
    """Writes `folder`/shop.yaml, commented, and returns its path.

    Raises ConfigError when there is one already, as it is never overwritten, and when the folder cannot hold one.
    """
    target = folder / "shop.yaml"
    if target.exists():
        raise ConfigError("there is a shop.yaml already", where=str(target), hint="edit it, or choose another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tables = [table for path in sorted(folder.iterdir()) if (table := read_columns(path))]
        target.write_text(draft(_shop_name(folder), tables), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"there can be no shop.yaml here: {error.strerror}", where=str(folder), hint="choose another folder"
        ) from None
    return target


def read_columns(path: Path) -> Table | None:
    """Returns the table in `path` when it is a CSV, JSON Lines or Parquet file with columns, else None.

    A file that cannot be read is none: it may be anything, and `up` says what is wrong with one that is named.
    """
    reader = _READERS.get(path.suffix)
    if reader is None or not path.is_file():
        return None
    try:
        columns = reader(path)
    except (OSError, ValueError, csv.Error):
        return None
    return Table(path.name, tuple(columns)) if columns else None


def _csv_columns(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        return next(csv.reader(file), [])


def _parquet_columns(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    return list(pq.read_schema(path).names)


def _json_columns(path: Path) -> list[str]:
    import orjson

    with path.open("rb") as file:
        first = file.readline()
    row = orjson.loads(first)
    return list(row) if isinstance(row, dict) else []


_READERS: Final[dict[str, Callable[[Path], list[str]]]] = {
    ".csv": _csv_columns,
    ".parquet": _parquet_columns,
    ".jsonl": _json_columns,
    ".ndjson": _json_columns,
}


def _shop_name(folder: Path) -> str:
    return re.sub(r"\W+", "-", folder.resolve().name).strip("-") or "shop"


def guess(table: Table, words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Returns the columns of `table` that look like each record field."""
    known = {column.lower().strip(): column for column in table.columns}
    found = {}
    for field, names in words.items():
        column = next((known[name] for name in names if name in known), None)
        if column is not None:
            found[field] = column
    return found


def draft(name: str, tables: list[Table]) -> str:
    """Returns the text of a commented shop.yaml for the tables found; examples stand in for what was not."""
    items = _best(tables, ITEM_WORDS, ("id", "title"))
    events = _best([table for table in tables if table is not items], EVENT_WORDS, ("time", "item"))
    lines = [
        f"shop: {name}",
        "languages: [en, zh]            # what your texts and your shoppers' queries are written in",
        "# currency: CNY                # of the prices",
        'items:                         # the catalogue: a column, or a template like "{type}, {size}", per field',
        *_items(items),
    ]
    lines += ["events:                        # what shoppers did; leave the block out when there is no log yet"]
    lines += _events(events)
    lines += ["# every other setting, with its default: docs/reference/shop.md"]
    return "\n".join(lines) + "\n"


def _best(tables: list[Table], words: dict[str, tuple[str, ...]], needed: tuple[str, str]) -> Table | None:
    fitting = [table for table in tables if all(field in guess(table, words) for field in needed)]
    return max(fitting, key=lambda table: len(guess(table, words)), default=None)


def _items(table: Table | None) -> list[str]:
    found = guess(table, ITEM_WORDS) if table else {"id": "id", "title": "title", "category": "category"}
    lines = [
        f"  source: {{path: {_quoted(table.file) if table else 'items.csv'}}}   # .csv, .jsonl, .parquet or a database",
        f"  id: {_quoted(found['id'])}",
        f"  title: {_quoted(found['title'])}",
    ]
    if "category" in found:
        lines.append(f"  category: [{_quoted(found['category'])}]      # from the top of the tree to the leaf")
    lines += [f"  {field}: {_quoted(found[field])}" for field in ("brand", "price") if field in found]
    return lines


def _events(table: Table | None) -> list[str]:
    found = guess(table, EVENT_WORDS) if table else {"time": "time", "item": "item_id", "user": "user_id"}
    kind = _quoted(found["type"]) if "type" in found else '"=purchase"'
    lines = [
        f"  - source: {{path: {_quoted(table.file) if table else 'events.csv'}}}",
        f'    type: {kind}           # a column, or one word for all rows: "=purchase"',
        f"    time: {_quoted(found['time'])}",
    ]
    lines += [f"    {field}: {_quoted(found[field])}" for field in ("user", "item", "basket") if field in found]
    return lines


def _quoted(word: str) -> str:
    """Returns `word` as YAML reads it back: `no` and `null` are words of YAML's own."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", word) and yaml.safe_load(word) == word
    return word if plain else json.dumps(word, ensure_ascii=False)
