"""What a run of `match` came to, beside the untuned encoder and the baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tradewind.evaluation.report import Table
from tradewind.settings import Shop
from tradewind.tasks.bought_together import recall
from tradewind.tasks.match_report import MatchTable, recall_table, search_table, unseen_table
from tradewind.tasks.query_check import precisions
from tradewind.tasks.scoring import Role, Scorer, at_size, by_chance, by_vectors, by_words, remembering
from tradewind.training.match.before import Before
from tradewind.training.match.bench import Bench

TUNED: Final = "tuned"
UNTUNED: Final = "untuned"
_AS_ANCHOR: Final = "untuned, role together"
_ROLES: Final[tuple[Role, ...]] = ("passage", "together")


def tables_of(bench: Bench, before: Before, shop: Shop) -> list[MatchTable]:
    """Returns the tables of a run: companions always, searches and unlearned Chinese words where there are any."""
    notes = [f"seed {bench.plan.seed}"] + ([shop.settings.notice] if shop.settings.notice else [])
    methods: dict[str, Scorer] = {
        "random": by_chance(bench.plan.seed),
        "BM25": by_words,
        UNTUNED: by_vectors(before.encode, "passage"),
        _AS_ANCHOR: by_vectors(before.encode, "together"),
        TUNED: by_vectors(bench.encode(), "together"),
    }
    peers = (UNTUNED, _AS_ANCHOR, "BM25")
    tables = [recall_table(bench.examples.test, methods, TUNED, peers, notes)]
    found: dict[str, Scorer] = {
        "random": by_chance(bench.plan.seed),
        "BM25": by_words,
        UNTUNED: by_vectors(before.encode, "query"),
        TUNED: by_vectors(bench.encode(), "query"),
    }
    if bench.examples.report is not None:
        tables.append(search_table(bench.examples.report, found, TUNED, UNTUNED, notes))
    if bench.examples.unseen is not None:
        tables.append(unseen_table(bench.examples.unseen, found, TUNED, UNTUNED, notes))
    if bench.sizes:
        tables.append(_by_size(bench, before, notes))
    return tables


def _by_size(bench: Bench, before: Before, notes: Sequence[str]) -> MatchTable:
    """Returns what is left at each size of the vectors; before is the better of the untuned encoder's two roles."""
    tuned = remembering(bench.encode())
    rows = {}
    for size in bench.sizes:
        old = (recall(bench.examples.test, by_vectors(at_size(before.encode, size), role)).means() for role in _ROLES)
        now = recall(bench.examples.test, by_vectors(at_size(tuned, size), "together")).means()
        row = {f"recall@20 {UNTUNED}": max(means["shown"] for means in old), f"recall@20 {TUNED}": now["shown"]}
        if bench.examples.report is not None:
            for name, encode in ((UNTUNED, before.encode), (TUNED, tuned)):
                found = precisions(bench.examples.report, by_vectors(at_size(encode, size), "query"))
                row[f"precision@10 {name}"] = float(found.mean())
        rows[str(size)] = row
    told = ("Vectors cut to their first numbers; the questions are those of the tables above.", *notes)
    table = Table("What is left of the vectors' quality when they are cut", tuple(rows[str(bench.sizes[0])]), rows,
                  None, told, down="size")  # fmt: skip
    return MatchTable(table, (), {})
