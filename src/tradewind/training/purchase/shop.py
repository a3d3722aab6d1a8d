"""Learns from a shop's own log what its people buy of in the coming week, and reports it beside the baselines."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from tradewind.data.features.purchase import FEATURES, Lines, population_of
from tradewind.data.snapshot import Snapshot
from tradewind.errors import DataError
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.settings import Effort, Shop
from tradewind.tasks.purchase.next_days import NextDays, category_key
from tradewind.tasks.purchase.questions import Asking, examples_at, lines_of_events, moments_of, together
from tradewind.telemetry import Progress
from tradewind.training.figures import bars_figure
from tradewind.training.purchase.estimator import (
    LOGISTIC,
    METRICS,
    OURS,
    WEEKLY,
    PurchaseConfig,
    compared,
    fit_purchase,
)
from tradewind.training.result import TrainResult, write_report

EFFORTS: Final[dict[Effort, tuple[int, int]]] = {"quick": (4, 20_000), "normal": (8, 60_000), "full": (16, 200_000)}
"""Weeks to learn from, and pairs asked about a week."""
WANTED_ERROR: Final = 0.03


def train(shop: Shop, snapshot: Snapshot, out: Path, progress: Progress) -> TrainResult:
    """Returns the run; its folder holds trees, calibration and categories, for `read_next_days`.

    Raises DataError when fewer than two categories were bought of, or the log is too short to learn from.
    """
    learn = shop.settings.learn
    weeks, pairs = EFFORTS[learn.effort]
    lines, keys = category_lines(snapshot.items(), snapshot.events())
    moments = moments_of(lines, train=weeks)
    asking = Asking(len(keys), pairs=pairs, seed=learn.seed)
    progress.start("asking who bought what", None)
    train_side, stopping, calibration, test = (
        together([examples_at(lines, day, each) for day in days])
        for days, each in (
            (moments.train, asking),
            (moments.stopping, asking),
            (moments.calibration, asking),
            (moments.test, replace(asking, pairs=2 * pairs)),
        )
    )
    progress.start("growing trees", None)
    least = int(np.clip(len(train_side) // 1000, 20, WEEKLY.least_rows))
    config = PurchaseConfig(replace(WEEKLY, least_rows=least, seed=learn.seed, threads=learn.threads))
    model = fit_purchase(train_side, stopping, calibration, FEATURES, config)
    rows = compared(model, train_side, test)
    folder = NextDays(model, keys, population_of(lines, np.inf, len(keys))).save(out / "purchase")
    facts: dict[str, Any] = {
        "shop": shop.settings.shop,
        "notice": shop.settings.notice or "",
        "seed": learn.seed,
        "snapshot": snapshot.hash,
        "trees": asdict(config.trees),
        "calibration": model.calibrator.as_json()["kind"],
    }
    notes = (
        f"{len(train_side):,} questions learned, {len(test):,} of the last {len(moments.test)} weeks measured, "
        f"{test.outcomes.mean():.4f} of them bought, {len(keys)} categories; seed {learn.seed}.",
        *([shop.settings.notice] if shop.settings.notice else []),
    )
    table = Table("Who buys of a category in the coming week", METRICS, rows, OURS, notes)
    figure = bars_figure(table.title, table.rows, ("AUC", "ECE"), OURS)
    report = write_report(out, "purchase", (table,), (figure,), facts)
    return TrainResult("purchase", folder, (table,), _claims(table), report, out, facts)


def category_lines(items: pa.Table, events: pa.Table) -> tuple[Lines, tuple[str, ...]]:
    """Returns the purchases by category number, and the categories that were bought of, sorted.

    Raises DataError when there are fewer than two of them.
    """
    filed = [category_key(path) for path in items["category"].to_pylist()]
    names = sorted({key for key in filed if key})
    number = {key: place for place, key in enumerate(names)}
    numbers = pa.array([number.get(key or "") for key in filed], pa.int64())
    lines, _ = lines_of_events(events, items["id"].combine_chunks(), numbers)
    bought = np.unique(lines.keys)
    if len(bought) < 2:
        raise DataError("fewer than two categories were ever bought of: there is nothing to tell apart")
    kept = replace(lines, keys=np.searchsorted(bought, lines.keys))
    return kept, tuple(names[place] for place in bought)


def _claims(table: Table) -> tuple[Claim, ...]:
    ours, peer = table.rows[OURS], table.rows[LOGISTIC]
    return (
        Claim("purchase: AUC against logistic regression", ours["AUC"], peer["AUC"], "AUC", 1.0),
        Claim("purchase: calibration error", ours["ECE"], peer["ECE"], "ECE", WANTED_ERROR, "lower", "ours"),
    )
