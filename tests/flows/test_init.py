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


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.parquet", b"PARX"),
        ("a.csv", b"x" * 300_000),
        ("a.csv", b"a\0b,c\n1,2"),
        ("a.csv", b"\xff\xfe,id\n"),
        ("a.jsonl", b"[1,2"),
        ("a.jsonl", b"\xff\n"),
        ("a.csv", b""),
    ],
)
def test_a_file_that_is_no_table_is_passed_by(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "nowhere.csv").symlink_to(tmp_path / "gone")
    (tmp_path / "z.csv").write_text("sku,name\n1,tea\n", encoding="utf-8")
    init_shop(tmp_path)
    assert load_shop(tmp_path).settings.items.source.path == "z.csv"


def test_a_place_that_can_hold_no_shop_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for place in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(ConfigError, match=r"no shop\.yaml here"):
            init_shop(place)


def test_names_with_signs_of_their_own_are_written_so_that_they_are_read_again(tmp_path: Path) -> None:
    (tmp_path / "our, goods {1}.csv").write_text('"Product ""ID""","id",name,"Brand"\n', encoding="utf-8")
    (tmp_path / "log: all.csv").write_text("date,item\n", encoding="utf-8")
    init_shop(tmp_path)
    settings = load_shop(tmp_path).settings
    assert settings.items.source.path == "our, goods {1}.csv"
    assert settings.events[0].source.path == "log: all.csv"
