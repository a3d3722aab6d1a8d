"""A little shop: real index, real store, and an encoder that knows a dozen ideas in two languages."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from tradewind.data.records import CATEGORY_SEPARATOR, EVENT_SCHEMA, ITEM_SCHEMA, Event, EventType, Item
from tradewind.data.store import Store
from tradewind.data.store.catalogue import item_to_row, write_rows
from tradewind.engine.engine import STANDARD, Engine, EngineSettings
from tradewind.engine.parts import Parts
from tradewind.index.builder import build
from tradewind.index.catalogue import Catalogue
from tradewind.settings import IndexSettings
from tradewind.telemetry import SilentProgress

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DIMENSION = 32
IDEAS = (
    ("shampoo", "洗发水"),
    ("pizza", "披萨"),
    ("cat", "猫粮"),
    ("juice", "橙汁"),
    ("diaper", "尿布"),
    ("spaghetti", "意面"),
    ("soda", "汽水"),
)
GOES_WITH = {"pizza": "soda", "spaghetti": "juice", "shampoo": "diaper"}
KINDS = (
    ("Shampoo", ("Beauty", "Hair"), "洗发水"),
    ("Frozen pizza", ("Frozen", "Pizza"), "披萨"),
    ("Cat food", ("Pets", "Cats"), "猫粮"),
    ("Orange juice", ("Drinks", "Juice"), "橙汁"),
    ("Baby diapers", ("Baby", "Diapers"), "尿布"),
    ("Spaghetti", ("Pantry", "Pasta"), "意面"),
    ("Cola soda", ("Drinks", "Soda"), "汽水"),
)
SIZES = ("small", "large", "family")
BRANDS = ("Harbour", "Meadow", "Summit")


class IdeaEncoder:
    """Unit vectors that point to the ideas a text names, with a little of the text's own direction."""

    dimension = DIMENSION

    def __init__(self) -> None:
        self.calls = 0
        self.before: Callable[[], None] = lambda: None

    def encode(self, texts: Sequence[str], role: str) -> np.ndarray:
        self.before()
        self.calls += len(texts)
        return np.stack([self._one(text, role) for text in texts])

    def _one(self, text: str, role: str) -> np.ndarray:
        seed = int.from_bytes(hashlib.blake2b(text.lower().encode(), digest_size=4).digest(), "big")
        vector = 0.05 * np.random.default_rng(seed).standard_normal(DIMENSION)
        for place, (english, chinese) in enumerate(IDEAS):
            if english in text.lower() or chinese in text:
                wanted = GOES_WITH.get(english, english) if role == "together" else english
                vector[[word for word, _ in IDEAS].index(wanted) if role == "together" else place] += 1.0
        return (vector / np.linalg.norm(vector)).astype(np.float32)


class Vocabulary:
    """A sequence model that wants what was bought in the last basket, and then cola."""

    def __init__(self, items: list[str]) -> None:
        self.items = items

    def top(self, history: Sequence[Any], k: int) -> list[tuple[str, float]]:
        last = set(history[-1].items) if history else set()
        scored = [(item, 3.0 if item in last else 2.0 if item.startswith("cola") else 0.1) for item in self.items]
        return sorted(scored, key=lambda pair: -pair[1])[:k]


def make_items() -> list[Item]:
    made = []
    for number, (title, category, chinese) in enumerate(KINDS):
        for place, size in enumerate(SIZES):
            for twin, brand in enumerate(BRANDS):
                name = f"{title.split()[0].lower()}-{size}-{twin}"
                text = f"{title} {chinese} {size}. {CATEGORY_SEPARATOR.join(category)}"
                made.append(
                    Item(
                        id=name,
                        title=f"{title}, {size}",
                        text=text,
                        category=category,
                        brand=brand,
                        price=None if twin == 2 and place == 2 else round(1.5 + number + place + twin / 10, 2),
                        currency="USD",
                        attributes={"size": size},
                        availability="out_of_stock" if twin == 1 and place == 0 else "in_stock",
                        updated_at=NOON - timedelta(days=number * 9 + place * 3 + twin),
                    )
                )
    return made


def make_events(items: list[Item]) -> list[Event]:
    """Pizza is bought with cola, spaghetti with juice; small ones sell most; three people have a history."""
    events: list[Event] = []

    def buy(user: str, basket: str, day: int, *names: str) -> None:
        for name in dict.fromkeys(names):
            events.append(
                Event(
                    f"{basket}-{name}", EventType.PURCHASE, NOON - timedelta(days=day), user=user, item=name,
                    basket=basket, value=2.0, quantity=1.0,
                )
            )  # fmt: skip

    for day in range(60):
        buy("ann", f"a{day}", 60 - day, "frozen-small-0", "cola-small-0", *(["cat-small-0"] if day % 3 == 0 else []))
        if day % 2:
            buy("bob", f"b{day}", 60 - day, "spaghetti-small-0", "orange-small-0")
        buy("cat", f"c{day}", 60 - day, f"{items[(day * 5) % len(items)].id}", "shampoo-small-0")
    return events


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


def event_table(events: Sequence[Event]) -> pa.Table:
    rows = [{name: getattr(event, name) for name in EVENT_SCHEMA.names} for event in events]
    return pa.Table.from_pylist([{**row, "type": str(row["type"])} for row in rows], schema=EVENT_SCHEMA)


@pytest.fixture(scope="session")
def shop_items() -> list[Item]:
    return make_items()


@pytest.fixture(scope="session")
def shop_events(shop_items: list[Item]) -> list[Event]:
    return make_events(shop_items)


@pytest.fixture(scope="session")
def index_folder(tmp_path_factory: pytest.TempPathFactory, shop_items: list[Item], shop_events: list[Event]) -> Path:
    folder = tmp_path_factory.mktemp("index")
    encoder = IdeaEncoder()
    texts = [item.text for item in shop_items]
    build(
        items=item_table(shop_items),
        vectors=encoder.encode(texts, "passage"),
        events=event_table(shop_events),
        settings=IndexSettings(facets=["category", "brand", "price", "size"]),
        languages=["en", "zh"],
        together=encoder.encode(texts, "together"),
        out=folder,
        progress=SilentProgress(),
    )
    return folder


@pytest.fixture(scope="session")
def catalogue(index_folder: Path) -> Catalogue:
    return Catalogue.open(index_folder)


@pytest.fixture
def encoder() -> IdeaEncoder:
    return IdeaEncoder()


@pytest.fixture
def parts(catalogue: Catalogue, encoder: IdeaEncoder) -> Parts:
    return Parts("g1", encoder, "encoder/match/one", catalogue, "{title}. {category}. {brand}. {attributes}")


@pytest.fixture
def parts_with_sequence(parts: Parts, shop_items: list[Item]) -> Parts:
    return replace(parts, generation="g2", sequence=Vocabulary([item.id for item in shop_items]))


@dataclass(frozen=True)
class Prepared:
    folder: Path
    people: dict[str, str]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, shop_items: list[Item], shop_events: list[Event]) -> Prepared:
    """A store with the shop's items and events, made once and copied for every test."""
    folder = tmp_path_factory.mktemp("store")
    store = Store(f"sqlite:///{folder / 'store.db'}")
    with store.writing() as connection:
        write_rows(connection, [(*item_to_row(item), None, 0, 0) for item in shop_items])
    people = {event.user: store.pseudonym(event.user, create=True) for event in shop_events if event.user}
    outcomes = store.append_events([replace(event, user=people[event.user]) for event in shop_events])
    assert {(outcome.status, outcome.reason) for outcome in outcomes} == {("stored", None)}
    store.close()
    return Prepared(folder, people)


@pytest.fixture
def people(prepared: Prepared) -> dict[str, str]:
    """Ann buys pizza and cola, Bob spaghetti and juice, Cat a bit of all: shop names to pseudonyms."""
    return prepared.people


@pytest.fixture
def store(tmp_path: Path, prepared: Prepared) -> Iterator[Store]:
    for file in prepared.folder.iterdir():
        shutil.copy(file, tmp_path / file.name)
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    yield store
    store.close()


@pytest.fixture
def open_engine(parts: Parts, store: Store) -> Iterator[Callable[..., Engine]]:
    opened: list[Engine] = []

    def make(given: Parts = parts, settings: EngineSettings = STANDARD) -> Engine:
        opened.append(Engine(given, store, settings))
        return opened[-1]

    yield make
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_engine: Callable[..., Engine]) -> Engine:
    return open_engine()


@pytest.fixture
def in_threads() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Runs a function in many threads at once and returns what each came back with."""

    def run(count: int, work: Callable[[int], Any]) -> list[Any]:
        found: list[Any] = [None] * count
        gate = threading.Barrier(count)

        def body(place: int) -> None:
            gate.wait()
            found[place] = work(place)

        threads = [threading.Thread(target=body, args=(place,)) for place in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        return found

    return run
