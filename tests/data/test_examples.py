"""A table of labelled texts: every row becomes an example, a repeat, or a line of the quarantine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tradewind.data.examples import read_examples, without_numbers
from tradewind.errors import DataError
from tradewind.settings import ExamplesSettings, Shop, SourceSettings, load_shop

SHOP = """
shop: tiny
items: {source: {path: items.csv}, id: id, title: title}
events: []
"""


def stars(written: str) -> int:
    if not written.isdigit():
        raise ValueError("not_a_number")
    return int(written)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (tmp_path / "shop.yaml").write_text(SHOP)
    return load_shop(tmp_path)


def settings(name: str, **more: str) -> ExamplesSettings:
    return ExamplesSettings(source=SourceSettings(path=name), text="{title}. {body}", target="stars", **more)


def test_every_row_is_accounted_for(shop: Shop) -> None:
    rows = [
        "title,body,stars",
        "Tea,good,5",
        "Tea,good,5",
        ",,4",
        "Cup,broken,many",
        "Pot,call 13912345678,2",
    ]
    (shop.root / "reviews.csv").write_text("\n".join(rows))
    examples, report = read_examples(shop, "stars", settings("reviews.csv"), stars)
    assert examples.targets == [5, 2]
    assert (report.read, report.stored, report.duplicates, report.quarantined) == (5, 2, 1, 2)
    assert "13912345678" not in examples.texts[1]
    bad = [json.loads(line) for line in Path(str(report.quarantine)).read_text().splitlines()]
    assert [(row["line"], row["field"], row["reason"]) for row in bad] == [
        (4, "text", "empty_text"),
        (5, "target", "not_a_number"),
    ]


def test_broken_utf8_is_a_bad_row_and_the_rest_is_kept(shop: Shop) -> None:
    (shop.root / "reviews.csv").write_bytes(b"title,body,stars\nTea,\xe5\xa5\xbd,5\n\xff\xfe,bad,1\n")
    examples, report = read_examples(shop, "stars", settings("reviews.csv"), stars)
    assert examples.texts == ["Tea. 好"]
    assert report.quarantined == 1


def test_a_missing_column_names_the_nearest(shop: Shop) -> None:
    (shop.root / "reviews.csv").write_text("title,body,star\nTea,good,5\n")
    with pytest.raises(DataError, match="did you mean 'star'"):
        read_examples(shop, "stars", settings("reviews.csv"), stars)


def test_a_table_without_an_example_is_an_error(shop: Shop) -> None:
    (shop.root / "reviews.csv").write_text("title,body,stars\nTea,good,x\n")
    with pytest.raises(DataError, match="none of 1 rows"):
        read_examples(shop, "stars", settings("reviews.csv"), stars)


def test_variants_of_a_product_share_a_group(shop: Shop) -> None:
    assert without_numbers("Tea 500 g, 2-pack") == without_numbers("tea 250 G 4 pack")
    assert without_numbers("12345") == "12345"
    rows = "title,body,stars,sku\nTea 1 kg,a,5,x\nTea 2 kg,a,4,y\n"
    (shop.root / "reviews.csv").write_text(rows)
    by_text, _ = read_examples(shop, "stars", settings("reviews.csv"), stars)
    by_column, _ = read_examples(shop, "stars", settings("reviews.csv", group="sku"), stars)
    assert len(set(by_text.groups)) == 1
    assert by_column.groups == ["x", "y"]


def test_the_digest_names_the_examples_and_their_order(shop: Shop) -> None:
    (shop.root / "a.csv").write_text("title,body,stars\nTea,a,5\nCup,b,4\n")
    (shop.root / "b.csv").write_text("title,body,stars\nCup,b,4\nTea,a,5\n")
    first, second = (read_examples(shop, "stars", settings(name), stars)[0] for name in ("a.csv", "b.csv"))
    assert first.digest() == read_examples(shop, "stars", settings("a.csv"), stars)[0].digest() != second.digest()
