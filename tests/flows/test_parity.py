"""Judged queries hold a small encoder against its original: those to tune on, among right items and others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tradewind.errors import DataError
from tradewind.flows.parity import OF_A_QUERY, OTHERS, judged_metric
from tradewind.settings import Shop, parse_shop
from tradewind.tasks.scoring import Role

KINDS = ("tea", "milk", "bread")
YAML = "shop: tiny\nitems: {source: {path: items.csv}, id: id, title: title}\n"
QUERIES = """
field: category
queries:
  - {query: tea please, right: [Tea], use: tune}
  - {query: milk please, right: [Milk], use: tune}
  - {query: bread please, right: [Bread], use: report}
"""


def _shop(folder: Path, queries: str | None = QUERIES) -> Shop:
    if queries:
        (folder / "queries.yaml").write_text(queries, encoding="utf-8")
    return Shop(parse_shop((YAML + ("queries: queries.yaml\n" if queries else "")).encode(), where="test"), folder)


def _items(each: int) -> pa.Table:
    texts = [f"{kind} {number}" for number in range(each) for kind in KINDS]
    categories = [f"Food > {text.split()[0].title()}" for text in texts]
    return pa.table({"text": texts, "title": texts, "category": categories})


def _knowing(texts: Sequence[str], role: Role) -> np.ndarray:
    return np.array([[float(kind in text) for kind in KINDS] for text in texts], np.float32)


def _blind(texts: Sequence[str], role: Role) -> np.ndarray:
    return np.tile(np.array([[1.0, 0.0, 0.0]], np.float32), (len(texts), 1))


def test_who_knows_the_kinds_answers_every_query_and_who_is_blind_does_not(tmp_path: Path) -> None:
    metric = judged_metric(_shop(tmp_path), _items(30))
    assert metric is not None
    np.testing.assert_array_equal(metric(_knowing), [1.0, 1.0])
    assert np.mean(metric(_blind)) < 0.6


def test_only_a_part_of_a_large_catalogue_is_encoded(tmp_path: Path) -> None:
    metric, read = judged_metric(_shop(tmp_path), _items(4000)), []
    assert metric is not None

    def counting(texts: Sequence[str], role: Role) -> np.ndarray:
        read.extend(texts)
        return _knowing(texts, role)

    np.testing.assert_array_equal(metric(counting), [1.0, 1.0])
    assert OTHERS <= len(read) <= OTHERS + 2 * OF_A_QUERY + 2


@pytest.mark.parametrize("queries", [None, QUERIES.replace("use: tune", "use: report")])
def test_a_shop_without_queries_to_tune_on_has_no_such_metric(tmp_path: Path, queries: str | None) -> None:
    assert judged_metric(_shop(tmp_path, queries), _items(3)) is None


def test_a_query_that_nothing_answers_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no item has category 'Coffee'"):
        judged_metric(_shop(tmp_path, QUERIES.replace("[Tea]", "[Coffee]")), _items(3))
