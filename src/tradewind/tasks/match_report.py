"""The tables and claims of `match`, made from any set of scorers: the same protocol runs in training and afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.tasks.baskets import Baskets, baskets
from tradewind.tasks.bought_together import BoughtTogether, Recalls, bought_together, ceiling, popularity_recall, recall
from tradewind.tasks.catalogue_texts import CatalogueTexts, catalogue_texts, item_texts
from tradewind.tasks.query_check import QueryCheck, by_language, precisions
from tradewind.tasks.scoring import Scorer

Values = npt.NDArray[np.float64]
_NAMES: Final = {"shown": "recall@20", "texts": "recall@20 texts", "every": "recall@20 every item"}
_WANTED: Final = 1.2
"""How much better than untuned and than BM25 the tuned model has to be."""


@dataclass(frozen=True, slots=True)
class MatchTable:
    """A table, the claims that stand on it, and each method's value per question, for paired tests."""

    table: Table
    claims: tuple[Claim, ...]
    values: Mapping[str, Values]


def held_out(
    items: pa.Table,
    events: pa.Table,
    *,
    learned_until: datetime,
    since: datetime,
    until: datetime | None = None,
    questions: int = 2000,
    ranked: int | None = None,
    seed: int = 13,
) -> BoughtTogether:
    """Returns the questions of the baskets in [since, until), with popularity counted before `learned_until`."""
    known = texts_and_baskets(items, events, learned_until)[0]
    return bought_together(
        known, baskets(events, items["id"], since, until), questions=questions, ranked=ranked, seed=seed
    )


def texts_and_baskets(items: pa.Table, events: pa.Table, until: datetime) -> tuple[CatalogueTexts, Baskets]:
    """Returns the catalogue's texts, ranked by the baskets before `until`, and those baskets."""
    bought = baskets(events, items["id"], None, until)
    return catalogue_texts(item_texts(items), bought.popularity(items.num_rows)), bought


def recall_table(
    check: BoughtTogether, methods: Mapping[str, Scorer], ours: str, peers: Sequence[str], notes: Sequence[str] = ()
) -> MatchTable:
    """Returns recall@20 of every method, popularity and the ceiling; `ours` is claimed against each of `peers`."""
    found: dict[str, Recalls] = {"popularity": popularity_recall(check)}
    found |= {name: recall(check, scorer) for name, scorer in methods.items()}
    rows = {name: _named(recalls) for name, recalls in found.items()} | {"ceiling": _named(ceiling(check))}
    lines = [
        f"{len(check.anchors)} questions; ranked are {len(check.ranked)} distinct texts of "
        f"{len(check.catalogue.text_of)} items in the catalogue."
    ]
    lines += [_difference(found, ours, peer) for peer in peers if ours in found]
    claims = [
        Claim(f"match: {column} of what is bought with an item, against {peer}", rows[ours][column],
              rows[peer][column], column, _WANTED)
        for column in _NAMES.values() for peer in peers if ours in found
    ]  # fmt: skip
    table = Table("What is bought with an item", tuple(_NAMES.values()), rows, ours, (*lines, *notes))
    return MatchTable(table, tuple(claims), {name: recalls.shown for name, recalls in found.items()})


def search_table(
    check: QueryCheck, methods: Mapping[str, Scorer], ours: str, before: str, notes: Sequence[str] = ()
) -> MatchTable:
    """Returns precision@10 of every method by language; claimed is that `ours` is not below `before` in any."""
    values = {name: precisions(check, scorer) for name, scorer in methods.items()}
    means = {name: by_language(check, found) for name, found in values.items()}
    languages = [name for name in next(iter(means.values())) if name != "all"] if means else []
    rows = {name: {_column(kind): mean for kind, mean in found.items()} for name, found in means.items()}
    claims = [
        Claim(f"search: precision@10 of {kind} queries does not fall", means[ours][kind], means[before][kind],
              "precision@10", 1.0)
        for kind in ("all", *languages) if ours in means and before in means
    ]  # fmt: skip
    columns = tuple(_column(kind) for kind in ("all", *languages))
    told = (f"{len(check.queries)} judged queries, {len(check.catalogue.texts)} distinct texts ranked.", *notes)
    return MatchTable(Table("What a search finds", columns, rows, ours, told), tuple(claims), values)


def unseen_table(
    check: QueryCheck, methods: Mapping[str, Scorer], ours: str, before: str, notes: Sequence[str] = ()
) -> MatchTable:
    """Returns precision@10 for the Chinese words that were held out of training; claimed is that `ours` is higher."""
    values = {name: precisions(check, scorer) for name, scorer in methods.items()}
    rows = {name: {"precision@10": float(found.mean())} for name, found in values.items()}
    told = (
        f"{len(check.queries)} Chinese words of meanings held out of training; right is a text with a translation.",
        f"{ours} − {before}: {_interval(values[ours], values[before])}.",
        *notes,
    )
    claim = Claim("search: precision@10 of Chinese words never learned does not fall", rows[ours]["precision@10"],
                  rows[before]["precision@10"], "precision@10", 1.0)  # fmt: skip
    table = Table("What Chinese words find that were never learned", ("precision@10",), rows, ours, told)
    return MatchTable(table, (claim,), values)


def _column(kind: str) -> str:
    return "precision@10" if kind == "all" else f"precision@10 {kind}"


def _named(recalls: Recalls) -> dict[str, float]:
    return {_NAMES[name]: value for name, value in recalls.means().items()}


def _difference(found: Mapping[str, Recalls], ours: str, peer: str) -> str:
    return f"{ours} − {peer}: {_interval(found[ours].shown, found[peer].shown)}."


def _interval(ours: Values, peer: Values) -> str:
    interval = paired_bootstrap(ours, peer)
    sides = f"[{interval.low:+.4f}, {interval.high:+.4f}]"
    return f"{interval.mean:+.4f}, {interval.confidence:.0%} interval {sides} (paired bootstrap)"
