"""The bilingual shop is what it says: two languages, simulated events with something to learn, and no surprises."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tradewind.data.ingest import ingest
from tradewind.settings import load_shop

SHOP = Path(__file__).parents[2] / "examples" / "bilingual"

Row = dict[str, str]


@pytest.fixture(scope="module")
def products() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SHOP / "products.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def events() -> list[Row]:
    with (SHOP / "events.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def baskets(events: list[Row]) -> dict[str, list[tuple[str, frozenset[str]]]]:
    """Each shopper's baskets in time order."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for event in events:
        if event["type"] == "purchase":
            found[event["user"], event["basket"]].append(event)
    by_user: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    for (user, _), rows in found.items():
        by_user[user].append((rows[0]["time"], frozenset(row["item"] for row in rows)))
    return {user: sorted(held, key=lambda basket: basket[0]) for user, held in by_user.items()}


def test_every_product_is_named_in_both_languages_and_none_twice(products: list[dict[str, Any]]) -> None:
    assert len(products) >= 240
    for key in ("sku", "title_zh", "title_en"):
        assert len({product[key] for product in products}) == len(products)
    for product in products:
        assert not product["title_zh"].isascii()
        assert product["title_en"].replace("°", "").isascii()
        assert not product["department"].isascii()
        assert product["price"] > 0


def test_a_few_products_are_out_of_stock(products: list[dict[str, Any]]) -> None:
    assert 1 <= sum(product["stock"] == "out_of_stock" for product in products) <= 10


def test_the_shop_file_is_one_that_tradewind_reads_and_says_that_it_is_simulated() -> None:
    shop = load_shop(SHOP)
    assert "imulated" in (shop.settings.notice or "")
    assert set(shop.settings.languages) == {"zh", "en"}
    assert shop.settings.items.source.path == "products.jsonl"


def test_every_row_of_both_tables_is_taken_in(
    tmp_path: Path, products: list[dict[str, Any]], events: list[Row]
) -> None:
    for name in ("shop.yaml", "products.jsonl", "events.csv"):
        shutil.copy(SHOP / name, tmp_path)
    report = ingest(load_shop(tmp_path))
    assert [(table.read, table.stored) for table in report.tables] == [(len(products),) * 2, (len(events),) * 2]


def test_the_script_writes_the_same_events_byte_for_byte(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SHOP / "simulate.py", "--out", tmp_path / "events.csv"], check=True, timeout=60)
    assert (tmp_path / "events.csv").read_bytes() == (SHOP / "events.csv").read_bytes()
    assert (SHOP / "events.csv").stat().st_size < 1_500_000


def test_the_events_are_many_of_every_kind_and_lie_in_the_past(events: list[Row]) -> None:
    kinds = Counter(event["type"] for event in events)
    assert {"search", "click", "view", "add_to_cart", "purchase", "dismiss"} <= set(kinds)
    days = [date.fromisoformat(event["time"][:10]) for event in events]
    assert (max(days) - min(days)).days >= 90
    assert min(days).year == max(days).year == 2026
    assert len({event["user"] for event in events}) >= 300
    assert all(event["query"] for event in events if event["type"] in {"search", "click"})


def test_every_event_names_a_product_of_the_catalogue(events: list[Row], products: list[dict[str, Any]]) -> None:
    known = {product["sku"] for product in products}
    assert all(event["item"] in known for event in events if event["type"] != "search")
    assert len({event["event_id"] for event in events}) == len(events)


def test_the_behaviour_speaks_of_products_and_sections_that_exist(products: list[dict[str, Any]]) -> None:
    behaviour = yaml.safe_load((SHOP / "behaviour.yaml").read_text(encoding="utf-8"))
    titles = {product["title_en"] for product in products}
    sections = {product["section"].split(" ", 1)[1] for product in products}
    assert {title for bundle in behaviour["bundles"] for title in bundle} <= titles
    assert set(behaviour["trends"]) <= titles
    assert set(behaviour["queries"]) == sections
    assert set(behaviour["durable_sections"]) <= sections
    for persona in behaviour["personas"].values():
        assert {*persona["sections"], *persona["staples"]} <= sections


def test_shoppers_buy_the_same_things_again(baskets: dict[str, list[tuple[str, frozenset[str]]]]) -> None:
    repeated = bought = 0
    for held in baskets.values():
        before = frozenset[str]().union(*(items for _, items in held[:-1]))
        repeated += len(held[-1][1] & before)
        bought += len(held[-1][1])
    assert 0.4 < repeated / bought < 0.8


def test_things_that_belong_together_are_bought_together(
    baskets: dict[str, list[tuple[str, frozenset[str]]]], products: list[dict[str, Any]]
) -> None:
    sku = {product["title_en"]: product["sku"] for product in products}
    every = [items for held in baskets.values() for _, items in held]
    sold = Counter(item for items in every for item in items)

    def lift(first: str, second: str) -> float:
        both = sum(sku[first] in items and sku[second] in items for items in every)
        return both * len(every) / (sold[sku[first]] * sold[sku[second]])

    assert lift("Longjing green tea 100 g", "Borosilicate glass teapot 600 ml") > 4
    assert lift("Xinghe 9 smartphone 256 GB", "Clear case for Xinghe 9") > 4
    assert lift("Longjing green tea 100 g", "Clear case for Xinghe 9") < 2


def test_some_products_are_on_the_rise(events: list[Row], products: list[dict[str, Any]]) -> None:
    trends = yaml.safe_load((SHOP / "behaviour.yaml").read_text(encoding="utf-8"))["trends"]
    rising = {product["sku"] for product in products if product["title_en"] in trends}
    bought = [event["time"] for event in events if event["type"] == "purchase" and event["item"] in rising]
    assert sum(time >= "2026-10-05" for time in bought) > 2 * sum(time < "2026-08-17" for time in bought)


def test_the_check_file_has_fifteen_queries_in_each_language(products: list[dict[str, Any]]) -> None:
    loaded = yaml.safe_load((SHOP / "queries.yaml").read_text(encoding="utf-8"))
    assert loaded["field"] == "category"
    assert Counter(query["language"] for query in loaded["queries"]) == {"en": 15, "zh": 15}
    assert Counter(query["use"] for query in loaded["queries"]) == {"tune": 15, "report": 15}
    for query in loaded["queries"]:
        assert sum(product["section"] in query["right"] for product in products) >= 5, query
