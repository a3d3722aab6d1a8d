"""Whether searches find the right kind of thing: each encoder alone, and the engine as shoppers meet it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from tradewind.engine.composition import open_engine
from tradewind.engine.engine import Engine
from tradewind.engine.requests import SearchRequest
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.flows.evaluation.encoders import Encoders
from tradewind.flows.steps.match import glosses_of
from tradewind.settings import Shop
from tradewind.tasks.match_report import search_table, texts_and_baskets, unseen_table
from tradewind.tasks.query_check import QueryCheck, by_language, precisions, query_check, spelled_queries
from tradewind.tasks.translations import held_out_check, parted, without_learned_words

WANTED = 0.8
"""Right results among the first ten, on average."""
PATIENCE_MS = 10_000
"""A deadline no search misses: here only the order counts."""
_OURS = "as it serves"


def search_tables(
    shop: Shop, items: pa.Table, events: pa.Table, until: datetime, encoders: Encoders
) -> list[tuple[Table, tuple[Claim, ...]]]:
    """Returns a table for the queries that may be tuned on and one for those only reported; [] without a check file."""
    file = spelled_queries(shop)
    if file is None:
        return []
    texts = texts_and_baskets(items, events, until)[0]
    engine = open_engine(shop)
    try:
        checks = {use: query_check(file, items, texts, use) for use in ("report", "tune")}
        found = []
        for use, check in checks.items():
            if check.queries:
                table, claims = _table(use, check, items, engine, encoders)
                found.append((_with_notes(table, _apart(shop, check, encoders)), claims))
        return found
    finally:
        engine.close()


def unseen_words(
    shop: Shop, items: pa.Table, events: pa.Table, until: datetime, encoders: Encoders
) -> list[tuple[Table, tuple[Claim, ...]]]:
    """Returns a table for the Chinese words that no run learned; [] for a shop whose encoder learns none."""
    glosses = glosses_of(shop)
    if glosses is None:
        return []
    texts = texts_and_baskets(items, events, until)[0]
    check = held_out_check(texts, parted(glosses)[1])
    if check is None:
        return []
    found = unseen_table(check, encoders.methods("query"), "fine-tuned", "untuned")
    return [(found.table, found.claims)]


def _table(
    use: str, check: QueryCheck, items: pa.Table, engine: Engine, encoders: Encoders
) -> tuple[Table, tuple[Claim, ...]]:
    compared = search_table(check, encoders.methods("query"), "fine-tuned", "untuned")
    served = _served(check, items, engine)
    means = by_language(check, served)
    columns = compared.table.columns
    row = dict(zip(columns, means.values(), strict=True))
    table = replace(
        compared.table,
        title=f"{compared.table.title}: the queries to {use}",
        rows={**compared.table.rows, _OURS: row},
        ours=_OURS,
        notes=(*compared.table.notes, *_worst(check, served)),
    )
    claims = () if use == "tune" else (*compared.claims, *_claims(means))
    return table, claims


def _with_notes(table: Table, notes: Sequence[str]) -> Table:
    return replace(table, notes=(*table.notes, *notes))


def _apart(shop: Shop, check: QueryCheck, encoders: Encoders) -> list[str]:
    """Says how the encoders alone do on the Chinese queries of which no word was learned from the glossary."""
    glosses = glosses_of(shop)
    if glosses is None:
        return []
    apart = without_learned_words(check, parted(glosses)[0])
    chinese = sum(query.language == "zh" for query in check.queries)
    methods = encoders.methods("query")
    told = [
        f"{name} {precisions(apart, methods[name]).mean():.2f}" for name in ("untuned", "fine-tuned") if apart.queries
    ]
    return [f"{len(apart.queries)} of {chinese} Chinese queries hold no learned word: {', '.join(told) or 'none'}."]


def _served(check: QueryCheck, items: pa.Table, engine: Engine) -> npt.NDArray[np.float64]:
    """Returns precision@10 of the engine's own answers, per query."""
    row_of = {item: row for row, item in enumerate(items["id"].to_pylist())}
    found = np.zeros(len(check.queries))
    for number, query in enumerate(check.queries):
        reply = engine.search(SearchRequest(query=query.query, k=10, deadline_ms=PATIENCE_MS))
        ids = [result["id"] for result in orjson.loads(reply.body)["results"]]
        rows = [row_of[item] for item in ids if item in row_of]
        found[number] = float(check.right[number][rows].sum()) / 10
    return found


def _claims(means: Mapping[str, float]) -> tuple[Claim, ...]:
    return tuple(
        Claim(f"search as it serves: precision@10 of {language} queries", value, WANTED, "precision@10", 1.0)
        for language, value in means.items()
    )


def _worst(check: QueryCheck, values: npt.NDArray[np.float64]) -> list[str]:
    """Names the queries that fall short as served, so that a reader can look."""
    short = [f"{query.query} {value:.1f}" for query, value in zip(check.queries, values, strict=True) if value < WANTED]
    return [f"Below {WANTED} as it serves: {', '.join(short)}."] if short else []
