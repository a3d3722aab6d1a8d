"""A tiny shop with a real engine, real index and real store, and an encoder that needs no model: for fast tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from tradewind.data.mapping import item_text
from tradewind.data.records import Event, EventType, Item
from tradewind.data.store import Store, open_store
from tradewind.data.store.catalogue import item_to_row, write_rows
from tradewind.engine.engine import Engine
from tradewind.engine.parts import Parts
from tradewind.engine.reply import Reply
from tradewind.engine.requests import SURFACES, RecommendRequest, SearchRequest
from tradewind.index.builder import build
from tradewind.index.catalogue import Catalogue
from tradewind.settings import Shop, parse_shop

DIMENSION: Final = 64
LOOK_SECONDS: Final = 0.2
USER: Final = "shop-user-1"
"""A user of the tiny shop who has bought something."""
_KINDS: Final = (
    ("Pizza", "冷冻披萨", ("Food", "Frozen"), 4.5),
    ("Shampoo", "洗发水", ("Care", "Hair"), 6.0),
    ("Cat food", "猫粮", ("Pets", "Cats"), 9.0),
    ("Orange juice", "橙汁", ("Food", "Drinks"), 2.5),
    ("Spaghetti", "意大利面", ("Food", "Pasta"), 1.5),
)
_BRANDS: Final = ("Alba", "Borealis", "Cirrus")


class HashedEncoder:
    """Texts that share pairs of characters are near each other; nothing is learned, and nothing is random."""

    dimension = DIMENSION

    def encode(
        self, texts: Sequence[str], role: Literal["query", "passage", "together"] = "passage"
    ) -> NDArray[np.float32]:
        """Returns unit vectors, float32, shape (n, 64); the same for every role."""
        return np.stack([_hashed(text.lower()) for text in texts]).astype(np.float32)


def tiny_items() -> list[Item]:
    """Returns fifteen bilingual items of five kinds and three brands."""
    return [_item(place, kind, brand) for place, kind in enumerate(_KINDS) for brand in _BRANDS]


def tiny_shop(root: Path, **serve: Any) -> Shop:
    """Returns the shop at `root`, made on first use: indexed, with somebody's purchases in its store."""
    raw = b"{shop: Tiny, languages: [en, zh], currency: EUR, items: {source: {path: items.csv}, id: id, title: title}}"
    settings = parse_shop(raw, where="tiny")
    served = settings.serve.model_validate({**settings.serve.model_dump(), **serve})
    shop = Shop(settings.model_copy(update={"serve": served}), root)
    if not _index(shop).is_dir():
        _make(shop)
    return shop


def open_tiny(shop: Shop) -> tuple[Engine, Store]:
    """Returns the engine, which follows the store, and the store of a tiny shop."""
    store = open_store(shop)
    parts = Parts("tiny-1", HashedEncoder(), "hashed-1", Catalogue.open(_index(shop)), shop.settings.items.text)
    engine = Engine(parts, store)
    engine.watch({}, LOOK_SECONDS)
    return engine, store


def check_engine(engine: Engine, item_id: str) -> None:
    """Raises AssertionError when an engine breaks what the service builds on: any engine, any shop with `item_id`."""
    replies = [engine.search(SearchRequest(query="a", k=1)), engine.suggest("a", 3), engine.item(item_id)]
    replies += [engine.recommend(RecommendRequest(surface=name, item=item_id)) for name in SURFACES]  # type: ignore[arg-type]
    for reply in replies:
        _check_reply(engine, reply)
    again = engine.search(SearchRequest(query="a", k=1))
    _require(again.body == replies[0].body, "the same request, generation and delta gave other bytes")


def _check_reply(engine: Engine, reply: Reply) -> None:
    _require(reply.generation == engine.generation, "a reply of another generation")
    _require(reply.body.startswith(b"{"), "a body that is no JSON object")
    _require(reply.cache in ("hit", "miss"), "a cache word that is none")
    _require(all(name.isascii() and " " not in name for name, _ in reply.stages), "a stage that is no header token")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _item(place: int, kind: tuple[str, str, tuple[str, ...], float], brand: str) -> Item:
    english, chinese, category, price = kind
    number = _BRANDS.index(brand)
    return Item(
        id=f"{place}{number}",
        title=f"{brand} {english} {chinese}",
        category=category,
        brand=brand,
        price=price + number,
        currency="EUR",
        attributes={"size": ("small", "medium", "large")[number]},
    )


def _make(shop: Shop) -> None:
    """Writes the store's rows and the index."""
    template = shop.settings.items.text
    items = [Item(**{**_fields(item), "text": item_text(item, template)}) for item in tiny_items()]
    store = open_store(shop)
    with store.writing() as connection:
        write_rows(connection, [(*item_to_row(item), None, 0, 0) for item in items])
    store.append_events(_purchases(store.pseudonym(USER, create=True)))
    table = store.items_table()
    texts = table.column("text").to_pylist()
    vectors = HashedEncoder().encode(texts)
    events = store.events_table()
    build(table, vectors, events, shop.settings.index, shop.settings.languages, vectors, _index(shop))
    store.close()


def _purchases(user: str | None) -> list[Event]:
    day = datetime.now(UTC) - timedelta(days=3)
    bought = [("00", 0), ("40", 0), ("00", 1), ("30", 1), ("40", 1)]
    return [
        Event(
            f"tiny-{place}",
            EventType.PURCHASE,
            day + timedelta(days=when),
            user,
            item=item,
            basket=f"b{when}",
            value=1.0,
        )
        for place, (item, when) in enumerate(bought)
    ]


def _fields(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in Item.__slots__}


def _index(shop: Shop) -> Path:
    return shop.work / "tiny-index"


def _hashed(text: str) -> NDArray[np.float64]:
    vector = np.full(DIMENSION, 1e-3)
    for start in range(len(text) - 1):
        mark = hashlib.blake2b(text[start : start + 2].encode("utf-8", "replace"), digest_size=2).digest()
        vector[int.from_bytes(mark, "little") % DIMENSION] += 1.0
    vector /= np.linalg.norm(vector)
    return vector
