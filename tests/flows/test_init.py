"""The first shop.yaml: valid, commented, filled in from the tables beside it, never overwriting."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.errors import ConfigError
from tradewind.flows.init import init_shop
from tradewind.settings import load_shop


def test_an_empty_folder_gets_a_valid_commented_shop_of_about_fifteen_lines(tmp_path: Path) -> None:
    written = init_shop(tmp_path / "mine").read_text(encoding="utf-8")
    assert 12 <= len(written.splitlines()) <= 20
    assert "#" in written
    assert load_shop(tmp_path / "mine").settings.items.id == "id"


def test_the_columns_of_tables_that_are_there_are_filled_in(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("sku,name,category,brand,price\n1,tea,food,b,2\n", encoding="utf-8")
    (tmp_path / "orders.csv").write_text("order_id,customer_id,sku,date\n1,c,1,2026-01-01\n", encoding="utf-8")
    init_shop(tmp_path)
    settings = load_shop(tmp_path).settings
    assert settings.items.source.path == "products.csv"
    assert (settings.items.id, settings.items.title, settings.items.category) == ("sku", "name", ["category"])
    assert (settings.items.brand, settings.items.price) == ("brand", "price")
    event = settings.events[0]
    assert event.source.path == "orders.csv"
    assert (event.type, event.time, event.user, event.basket) == ("=purchase", "date", "customer_id", "order_id")


def test_chinese_headings_are_understood(tmp_path: Path) -> None:
    (tmp_path / "goods.csv").write_text("商品编号,商品名称,类目,价格\n1,茶,食品,2\n", encoding="utf-8")
    init_shop(tmp_path)
    items = load_shop(tmp_path).settings.items
    assert (items.id, items.title, items.category, items.price) == ("商品编号", "商品名称", ["类目"], "价格")


def test_a_shop_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    target = init_shop(tmp_path)
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="already"):
        init_shop(tmp_path)
    assert target.read_text(encoding="utf-8") == "mine"
