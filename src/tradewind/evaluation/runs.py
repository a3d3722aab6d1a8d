"""Runs (what a method ranked) and qrels (what is right), in memory and in the TREC text form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tradewind.data.records import Judgment
from tradewind.errors import DataError
from tradewind.evaluation.ranking import ndcg_at_k, precision_at_k, recall_at_k, reciprocal_rank

Run = Mapping[str, Sequence[str]]
"""Query → item ids, best first."""
Qrels = Mapping[str, Mapping[str, int]]
"""Query → item id → grade."""
Measure = Callable[[Sequence[str], Mapping[str, int]], float]


def measure(name: str) -> Measure:
    """Returns the measure called `precision@k`, `recall@k`, `ndcg@k` or `mrr`. Raises DataError for another name."""
    kind, _, cut = name.partition("@")
    at_k = {"precision": precision_at_k, "recall": recall_at_k, "ndcg": ndcg_at_k}
    if kind == "mrr" and not cut:
        return reciprocal_rank
    if kind not in at_k or not cut.isdecimal() or int(cut) < 1:
        raise DataError(f"there is no measure {name!r}", hint="known: precision@k, recall@k, ndcg@k, mrr")
    return lambda ranking, grades: at_k[kind](ranking, grades, int(cut))


def per_query(run: Run, qrels: Qrels, name: str) -> np.ndarray:
    """Returns one value per judged query, float64, in the order of `qrels`; a query the run lacks scores 0."""
    score = measure(name)
    return np.array([score(run.get(query, ()), grades) for query, grades in qrels.items()], dtype=np.float64)


def mean(run: Run, qrels: Qrels, names: Iterable[str]) -> dict[str, float]:
    """Returns each measure's mean over the judged queries; 0 when there are none."""
    return {name: float(per_query(run, qrels, name).mean()) if qrels else 0.0 for name in names}


def qrels_of(judgments: Iterable[Judgment]) -> dict[str, dict[str, int]]:
    """Returns the judgments grouped by query; of two on the same pair the later counts."""
    grouped: dict[str, dict[str, int]] = {}
    for judgment in judgments:
        grouped.setdefault(judgment.query, {})[judgment.item] = judgment.grade
    return grouped


def write_trec(path: Path, run: Run, tag: str) -> None:
    """Writes `query Q0 item rank score tag` lines; the score is the negated rank, since a run here has only order."""
    lines = (
        f"{_token(query)} Q0 {_token(item)} {place} {-place} {tag}\n"
        for query, items in run.items()
        for place, item in enumerate(items, 1)
    )
    path.write_text("".join(lines), encoding="utf-8")


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Returns the judgments in a TREC file of `query 0 item grade` lines. Raises DataError naming a bad line."""
    grouped: dict[str, dict[str, int]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 4 or not parts[3].lstrip("-").isdecimal():
            raise DataError("expected `query 0 item grade`", where=f"{path}:{number}")
        grouped.setdefault(parts[0], {})[parts[2]] = int(parts[3])
    return grouped


def _token(word: str) -> str:
    return "_".join(word.split()) or "_"
