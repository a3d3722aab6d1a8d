"""What a run of `match` came to, beside the untuned encoder and the baselines."""

from __future__ import annotations

from typing import Final

from tradewind.settings import Shop
from tradewind.tasks.match_report import MatchTable, recall_table, search_table, unseen_table
from tradewind.tasks.scoring import Scorer, by_chance, by_vectors, by_words
from tradewind.training.match.before import Before
from tradewind.training.match.bench import Bench

TUNED: Final = "tuned"
UNTUNED: Final = "untuned"
_AS_ANCHOR: Final = "untuned, role together"


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
    return tables
