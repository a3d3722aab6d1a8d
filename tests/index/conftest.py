"""Small bilingual catalogues, made up here, with the vectors of a bag of words."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from tradewind.data.records import CATEGORY_SEPARATOR, EVENT_SCHEMA, ITEM_SCHEMA, Item
from tradewind.index.builder import build
from tradewind.index.catalogue import Catalogue
from tradewind.settings import IndexSettings

DIMENSION = 48
NOW = datetime(2026, 6, 1, tzinfo=UTC)
SETTINGS = IndexSettings(facets=["category", "brand", "price", "colour", "size"], suggest_min_people=3)

_KINDS = [
    (("Grocery", "Dairy", "Yogurt"), "Yogurt cup", "strawberry vanilla plain lemon"),
    (("Grocery", "Dairy", "Milk"), "Whole milk", "organic fresh lactose-free barista"),
    (("Grocery", "Frozen", "Pizza"), "Frozen pizza", "pepperoni cheese spinach mushroom"),
    (("Grocery", "Pasta"), "Spaghetti", "durum wholewheat thin egg"),
    (("Care", "Hair"), "Shampoo bottle", "dry kids herbal repair"),
    (("Pets",), "Cat food", "salmon chicken tuna kitten"),
    (("个护", "洗发"), "洗发水", "清爽 去屑 儿童 修护"),
    (("食品", "冷冻"), "冷冻披萨", "芝士 牛肉 蘑菇 海鲜"),
    (("宠物",), "幼猫粮", "鸡肉 三文鱼 无谷 全价"),
    (("食品", "饮料"), "鲜榨橙汁", "无糖 果肉 有机 家庭装"),
]
_BRANDS = ["Alder", "Brook", "Cedar", "青山", None]
_COLOURS = ["red", "blue", "绿色", None]


def text_vector(text: str) -> np.ndarray:
    """A vector of length 1 that depends on the text alone and is near that of texts with the same words."""
    total = np.zeros(DIMENSION, dtype=np.float32)
    for word in [*text.split(), *text]:
        total += np.random.default_rng(zlib.crc32(word.encode())).normal(size=DIMENSION).astype(np.float32)
    return (total / max(float(np.linalg.norm(total)), 1e-9)).astype(np.float32)


def make_items(count: int, seed: int = 7) -> list[Item]:
    chance, items = random.Random(seed), []
    for number in range(count):
        path, title, words = chance.choice(_KINDS)
        full = f"{chance.choice(words.split())} {title}, {chance.choice(['500 g', '1 L', '2 pack'])}"
        colour, brand = chance.choice(_COLOURS), chance.choice(_BRANDS)
        items.append(
            Item(
                id=f"i{number:05d}",
                title=full,
                text=f"{full}. {' '.join(path)}",
                category=path,
                brand=brand,
                price=None if chance.random() < 0.1 else round(chance.uniform(1, 30), 2),
                currency="CNY",
                attributes={"size": chance.choice("SML")} | ({"colour": colour} if colour else {}),
                availability="in_stock" if chance.random() < 0.8 else "out_of_stock",
                updated_at=NOW - timedelta(days=chance.randrange(100)),
            )
        )
    return items


def item_table(items: Sequence[Item]) -> pa.Table:
    rows = [
        {
            **{name: getattr(item, name) for name in ITEM_SCHEMA.names},
            "category": CATEGORY_SEPARATOR.join(item.category),
            "attributes": orjson.dumps(dict(item.attributes), option=orjson.OPT_SORT_KEYS).decode(),
        }
        for item in items
    ]
    return pa.Table.from_pylist(rows, schema=ITEM_SCHEMA)


def event_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    filled = [{"event_id": f"e{at}", "time": NOW, **row} for at, row in enumerate(rows)]
    return pa.Table.from_pylist(filled, schema=EVENT_SCHEMA)


def make_events(items: Sequence[Item], baskets: int = 200, seed: int = 3) -> pa.Table:
    chance, rows = random.Random(seed), []
    for basket in range(baskets):
        when = NOW - timedelta(days=chance.randrange(90))
        for item in chance.sample(items, min(len(items), 4)) if items else []:
            bought = {
                "type": "purchase",
                "user": f"u{basket % 17}",
                "basket": f"b{basket}",
                "item": item.id,
                "time": when,
            }
            rows.append(bought)
    for person in range(5):
        rows += [{"type": "search", "query": "Frozen  Pizza", "user": f"u{person}"}]
        rows += [{"type": "search", "query": "橙汁", "visitor": f"v{person}"}]
    rows += [{"type": "search", "query": "private thing", "user": "u1"}] * 9
    return event_table(rows)


@dataclass(frozen=True)
class Changed:
    """A change as the store gives it."""

    number: int
    item_id: str
    item: Item | None
    vector: bytes | None


def change(number: int, item: Item | str) -> Changed:
    if isinstance(item, str):
        return Changed(number, item, None, None)
    return Changed(number, item.id, item, text_vector(item.text).tobytes())


@pytest.fixture(scope="session")
def make() -> Callable[..., Catalogue]:
    """Builds and opens a catalogue of items."""

    def made(folder: Path, items: Sequence[Item], events: pa.Table | None = None, **more: Any) -> Catalogue:
        vectors = (
            np.stack([text_vector(item.text) for item in items]) if items else np.zeros((0, DIMENSION), np.float32)
        )
        settings = more.pop("settings", SETTINGS)
        log = event_table([]) if events is None else events
        build(item_table(items), vectors, log, settings, ["en", "zh"], more.pop("together", None), folder, **more)
        return Catalogue.open(folder)

    return made


class Tools:
    """What the tests make their data with."""

    items = staticmethod(make_items)
    events = staticmethod(make_events)
    log = staticmethod(event_table)
    table = staticmethod(item_table)
    vector = staticmethod(text_vector)
    change = staticmethod(change)
    settings = SETTINGS
    now = NOW


@pytest.fixture(scope="session")
def tools() -> Tools:
    return Tools()


@pytest.fixture(scope="session")
def catalogue(make: Callable[..., Catalogue], tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """600 items with 200 baskets."""
    items = make_items(600)
    return make(tmp_path_factory.mktemp("index") / "catalogue", items, make_events(items))
