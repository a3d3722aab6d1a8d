"""The protocol behind "does a search find the right kind of thing": judged queries, precision@k.

A check file names a catalogue field and, for every query, which of its values count as right. Items with one text tie
and stand most popular first, for every method alike.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from tradewind.data.abbreviations import load_abbreviations
from tradewind.data.records import CATEGORY_SEPARATOR
from tradewind.errors import DataError
from tradewind.settings import Shop
from tradewind.settings.strict_yaml import load_yaml
from tradewind.tasks.catalogue_texts import CatalogueTexts
from tradewind.tasks.scoring import Scorer


class JudgedQuery(BaseModel):
    """A query and the field values that are right; `use` keeps apart what may be tuned on and what is only reported."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str
    right: list[str]
    language: str = "en"
    kind: str = "word"
    use: Literal["tune", "report"] = "report"


class QueryFile(BaseModel):
    """The check file: `field` is category (any level of the path), brand, title, or an attribute's name."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    field: str
    queries: list[JudgedQuery]


@dataclass(frozen=True, slots=True)
class QueryCheck:
    """Judged queries over a catalogue: `right` holds, per query, which item rows count as right."""

    catalogue: CatalogueTexts
    queries: tuple[JudgedQuery, ...]
    right: tuple[npt.NDArray[np.bool_], ...]


def load_queries(path: Path) -> QueryFile:
    """Returns the check file at `path`. Raises DataError when it cannot be read as one."""
    try:
        return QueryFile.model_validate(load_yaml(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, UnicodeDecodeError, ValidationError) as error:
        raise DataError(f"not a file of judged queries: {' '.join(str(error).split())}", where=str(path)) from None


def spelled_queries(shop: Shop) -> QueryFile | None:
    """Returns the shop's check file with its values spelled out by the shop's abbreviations, as its items are.

    None when the shop has no such file. Raises DataError or ConfigError when one of the two files is not right.
    """
    if shop.settings.queries is None:
        return None
    file = load_queries(shop.root / shop.settings.queries)
    words = load_abbreviations(shop.settings.items.abbreviations, shop.root)
    spelled = [
        query.model_copy(update={"right": [words.spell(value) for value in query.right]}) for query in file.queries
    ]
    return QueryFile(field=file.field, queries=spelled)


def query_check(file: QueryFile, items: pa.Table, catalogue: CatalogueTexts, use: str | None = None) -> QueryCheck:
    """Returns the queries of `use` (all when None) over the items. Raises DataError for a query nothing can answer."""
    values = field_values(items, file.field)
    queries = tuple(query for query in file.queries if use in (None, query.use))
    known = {value for row in values for value in row}
    for query in queries:
        if known.isdisjoint(_lower(query.right)):
            raise DataError(f"no item has {file.field} {query.right[0]!r}", where=f"query {query.query!r}")
    wanted = [_lower(query.right) for query in queries]
    right = tuple(np.array([not wants.isdisjoint(row) for row in values], dtype=bool) for wants in wanted)
    return QueryCheck(catalogue, queries, right)


def precisions(check: QueryCheck, scorer: Scorer, k: int = 10) -> npt.NDArray[np.float64]:
    """Returns precision@k for every query: the share of the first k items that are right."""
    scores = np.asarray(scorer([query.query for query in check.queries], check.catalogue.texts))
    return np.array([_precision(check, row, scores[row], k) for row in range(len(check.queries))])


def by_language(check: QueryCheck, values: npt.NDArray[np.float64]) -> Mapping[str, float]:
    """Returns the mean of per-query `values` for each language, and over all as `all`."""
    languages = np.array([query.language for query in check.queries])
    means = {str(language): float(values[languages == language].mean()) for language in np.unique(languages)}
    return {"all": float(values.mean()) if len(values) else 0.0, **means}


def field_values(items: pa.Table, field: str) -> list[frozenset[str]]:
    """Returns, per item, its lower-case values of `field`: every level of a category, or one word, or none."""
    if field == "category":
        return [_lower((path or "").split(CATEGORY_SEPARATOR)) for path in items["category"].to_pylist()]
    if field in {"brand", "title", "language"}:
        return [_lower([value or ""]) for value in items[field].to_pylist()]
    return [_lower([json.loads(held or "{}").get(field, "")]) for held in items["attributes"].to_pylist()]


def _lower(values: Sequence[str]) -> frozenset[str]:
    """Small letters, and one space where there are more: neither tells two kinds apart."""
    return frozenset(" ".join(value.lower().split()) for value in values if value)


def _precision(check: QueryCheck, row: int, scores: npt.NDArray[np.floating], k: int) -> float:
    catalogue = check.catalogue
    best = np.argpartition(-scores, min(k, len(scores) - 1))[:k]
    texts = best[np.lexsort((-catalogue.sold[best], -scores[best]))]
    held = np.flatnonzero(np.isin(catalogue.text_of, texts))
    rank = np.empty(len(catalogue.texts), dtype=np.int64)
    rank[texts] = np.arange(len(texts))
    first = held[np.lexsort((catalogue.place[held], rank[catalogue.text_of[held]]))][:k]
    return float(check.right[row][first].sum() / k)
