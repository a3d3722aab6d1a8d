"""Judged queries are read, refused by name when they are wrong, and scored over items with one popularity rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tradewind.errors import DataError
from tradewind.tasks.catalogue_texts import catalogue_texts, item_texts
from tradewind.tasks.match_report import search_table
from tradewind.tasks.query_check import by_language, load_queries, precisions, query_check
from tradewind.tasks.scoring import by_chance, by_words

FILE = """
field: kind
queries:
  - {query: cat food, right: [CAT FOOD], use: tune}
  - {query: 猫粮, language: zh, right: [CAT FOOD], use: report}
  - {query: soap, right: [SOAP, BODY SOAP], use: report}
"""


def _items(make_items: Callable[..., pa.Table]) -> pa.Table:
    kinds = ["CAT FOOD"] * 3 + ["SOAP"] * 2 + ["OTHER"]
    rows = [
        {
            "id": str(n),
            "title": f"{kind.lower()} 猫粮" if kind == "CAT FOOD" else kind.lower(),
            "attributes": {"kind": kind},
        }
        for n, kind in enumerate(kinds)
    ]
    return make_items(rows)


def test_precision_counts_items_and_is_told_by_language(make_items: Callable[..., pa.Table], tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(FILE, encoding="utf-8")
    items = _items(make_items)
    catalogue = catalogue_texts(item_texts(items), np.arange(6))
    check = query_check(load_queries(tmp_path / "q.yaml"), items, catalogue)
    found = precisions(check, by_words, k=4)
    assert found.tolist() == [0.75, 0.75, 0.5]
    assert by_language(check, found) == pytest.approx({"all": 2 / 3, "en": 0.625, "zh": 0.75})
    assert len(query_check(load_queries(tmp_path / "q.yaml"), items, catalogue, "tune").queries) == 1


def test_the_table_claims_that_no_language_falls(make_items: Callable[..., pa.Table], tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(FILE, encoding="utf-8")
    items = _items(make_items)
    check = query_check(load_queries(tmp_path / "q.yaml"), items, catalogue_texts(item_texts(items), np.arange(6)))
    found = search_table(check, {"before": by_chance(1), "after": by_words}, "after", "before")
    assert [claim.claim.split()[3] for claim in found.claims] == ["all", "en", "zh"]
    assert "precision@10 zh" in found.table.columns


def test_a_value_that_no_item_has_is_named(make_items: Callable[..., pa.Table], tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(
        FILE.replace("[CAT FOOD], use: tune", "[KATZENFUTTER], use: tune"), encoding="utf-8"
    )
    items = _items(make_items)
    with pytest.raises(DataError, match=r"cat food.*KATZENFUTTER"):
        query_check(load_queries(tmp_path / "q.yaml"), items, catalogue_texts(item_texts(items), np.arange(6)))


@pytest.mark.parametrize("text", ["queries: [", "field: kind", "field: kind\nqueries: [{query: a, rigth: [b]}]"])
def test_a_file_of_another_form_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "q.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"q\.yaml"):
        load_queries(tmp_path / "q.yaml")
