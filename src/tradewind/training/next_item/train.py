"""Learns the sequence model and its blend from a snapshot, and says what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from tradewind.data.records import EventType
from tradewind.data.snapshot import Snapshot
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.models.sequence import ItemSide, SequenceModel
from tradewind.runtime.blend import Blend
from tradewind.settings import Shop
from tradewind.tasks.next_item import split, trips_of
from tradewind.telemetry import Progress
from tradewind.training.figures import bars_figure, curves_figure
from tradewind.training.next_item import assess
from tradewind.training.next_item.answers import scored, user_vectors
from tradewind.training.next_item.blend import choices, fit_blend
from tradewind.training.next_item.objective import NextBasket
from tradewind.training.next_item.prepare import Run, first_questions, prepared, statistics_before_test
from tradewind.training.next_item.result_folder import PROBES, Probe, weights_of, write_result
from tradewind.training.next_item.windows import WindowBatches
from tradewind.training.result import TrainResult, write_report
from tradewind.training.trainer import Curves, fit, forget
from tradewind.training.tuning import Parts

Floats = npt.NDArray[np.float32]

PARTS: Final = Parts(head=("items", "output"), adaptable=("query", "value"))
FEWEST_QUESTIONS: Final = 20
"""With fewer households to measure on, or baskets to fit the blend on, a figure would say nothing."""
_WATCHED: Final = 1000
"""Validation questions looked at during the run."""


@dataclass(frozen=True, slots=True)
class _Learned:
    model: SequenceModel
    side: ItemSide
    blend: Blend
    half_life: float
    curves: Curves


def train(
    shop: Shop, snapshot: Snapshot, item_vectors: Floats, item_ids: list[str], out: Path, progress: Progress
) -> TrainResult | None:
    """Returns the trained sequence model's folder, tables and report; None, having said why, when the snapshot's
    purchases are too few to learn from.

    `item_vectors` are float32 (items, d) from the encoder's role passage, row-aligned with `item_ids`. A run that was
    cut off goes on from its last checkpoint below `out` when snapshot, plan and vectors are the same.
    """
    columns = ["type", "time", "user", "visitor", "item", "basket"]
    events = snapshot.events(columns=columns, types=[EventType.PURCHASE.value])
    trips = trips_of(events, pa.chunked_array([pa.array(item_ids, pa.string())]))
    parted = split(trips)
    if min(len(parted.last_basket), len(parted.validation), len(parted.blend)) < FEWEST_QUESTIONS:
        progress.note(f"next_item: only {len(parted.last_basket)} households came back often enough; no model is made")
        return None
    run = prepared(shop.settings.learn, trips, parted, item_vectors)
    torch.manual_seed(run.plan.seed)
    model = SequenceModel(run.shape)
    side = run.catalogue.whole_side(model.items)
    last = assess.Protocol("last basket", trips, parted.last_basket, statistics_before_test(run))
    untrained = assess.sequence_alone(last, scored(user_vectors(model, side, trips, last.asked), side))
    learned = _learn(run, model, snapshot.hash, out, progress)
    tables, claims = _assessed(run, learned, last, untrained)
    facts = _facts(run, learned, snapshot)
    everything = trips.statistics(len(item_ids))
    weights = weights_of(learned.model, learned.side, everything, learned.blend, item_ids)
    write_result(out / "model", weights, [Probe(*pair) for pair in islice(last.each(), PROBES)])
    figures = (curves_figure(learned.curves), *(_bars(table) for table in tables))
    report = write_report(shop.reports / "next_item", "next_item", tables, figures, facts)
    forget(out)
    return TrainResult("next_item", out / "model", tables, claims, report, out / "tensorboard", facts)


def _learn(run: Run, model: SequenceModel, snapshot: str, out: Path, progress: Progress) -> _Learned:
    tuning = run.plan.tuning
    objective = NextBasket(cast(SequenceModel, tuning.prepare(model, PARTS)))
    watched = first_questions(run.split.validation, _WATCHED, run.plan.seed)
    protocol = assess.Protocol("validation", run.trips, watched, run.catalogue.statistics)

    def validate() -> float:
        moving = objective.model
        side = run.catalogue.whole_side(moving.items)
        users = user_vectors(moving, side, run.trips, watched)
        return float(assess.sequence_alone(protocol, scored(users, side)).mean())

    batches = WindowBatches(
        run.trips,
        run.windows,
        run.catalogue,
        count=run.plan.batches,
        size=run.plan.batch_size,
        negatives=run.budget.negatives,
        seed=run.plan.seed,
    )
    identity = f"{snapshot} {run.shape} {_mark(run.catalogue.text)}"
    curves = fit(
        objective,
        batches,
        run.plan,
        out,
        validate=validate,
        watched=assess.METRIC,
        progress=progress,
        identity=identity,
    )
    done = cast(SequenceModel, tuning.finish(objective.model)).eval()
    side = run.catalogue.whole_side(done.items)
    progress.start("weighing the blend", None)
    # Its tensors are small: a second thread would only wait for the first.
    torch.set_num_threads(1)
    blend = _blend(run, done, side)
    torch.set_num_threads(run.plan.threads)
    return _Learned(done, side, blend, assess.best_half_life(_whole_validation(run)), curves)


def _blend(run: Run, model: SequenceModel, side: ItemSide) -> Blend:
    asked = first_questions(run.split.blend, run.budget.blend_questions, run.plan.seed)
    learned, watched = (
        list(
            choices(run.trips, some, scored(user_vectors(model, side, run.trips, some), side), run.catalogue.statistics)
        )
        for some in (asked, first_questions(run.split.validation, _WATCHED, run.plan.seed))
    )
    return fit_blend(learned, watched, run.budget.blend_epochs, run.plan.seed)


def _assessed(
    run: Run, learned: _Learned, last: assess.Protocol, untrained: assess.Quality
) -> tuple[tuple[Table, ...], tuple[Claim, ...]]:
    before = run.trips.statistics(len(run.catalogue.slot), before=run.split.cut)
    after = assess.Protocol("global time cut", run.trips, run.split.after_cut, before)
    tables: list[Table] = []
    claims: list[Claim] = []
    for protocol in (last, after):
        if not len(protocol.asked):
            continue
        users = user_vectors(learned.model, learned.side, run.trips, protocol.asked)
        found = assess.baselines(protocol, learned.half_life, run.plan.seed)
        if protocol is last:
            found[assess.UNTRAINED] = untrained
        found |= assess.sequence_and_blend(protocol, scored(users, learned.side), learned.blend)
        tables.append(assess.table_of(protocol, found, learned.half_life))
        claims += assess.claims_of(protocol, found)
    return tuple(tables), tuple(claims)


def _whole_validation(run: Run) -> assess.Protocol:
    return assess.Protocol("validation", run.trips, run.split.validation, run.catalogue.statistics)


def _bars(table: Table) -> str:
    return bars_figure(table.title, table.rows, table.columns, assess.BLEND)


def _mark(array: Floats) -> str:
    """Returns a short mark of the vectors: other vectors are another run."""
    return f"{array.shape} {float(np.abs(array).sum(dtype=np.float64)):.6e} {float(array[0].sum()):.6e}"


def _facts(run: Run, learned: _Learned, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "snapshot": snapshot.hash,
        "method": run.plan.method,
        "seed": run.plan.seed,
        "steps": f"{learned.curves.last_step} of {run.plan.steps}, kept {learned.curves.best_step}",
        "windows": len(run.windows),
        "items with a vector of their own": run.shape.learned,
        "items by their text alone": len(run.catalogue.slot) - run.shape.learned,
        "global cut": np.datetime64(int(run.split.cut * 86_400), "s").item().isoformat(),
        "precision": learned.curves.precision,
    }
