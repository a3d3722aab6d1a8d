"""Learns one estimator of a shop's own from its table of examples, and measures it on groups it never saw."""

from __future__ import annotations

import platform
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
import transformers

from tradewind.data.examples import Examples
from tradewind.data.group_rows import group_rows
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import Shop
from tradewind.tasks.estimators import estimator_task
from tradewind.telemetry import Progress
from tradewind.training.continual.going_on import going_on
from tradewind.training.continual.keeping import MEMORY, keep_memory
from tradewind.training.continual.memory import Memory
from tradewind.training.estimator_figures import TUNED, claims_of, figures_table
from tradewind.training.estimator_run import EstimatorJob, best_run
from tradewind.training.few_labels.noise import report_suspicious
from tradewind.training.few_labels.weak import weak_labels
from tradewind.training.figures import bars_figure, curves_figure
from tradewind.training.knowledge import ablated, applied
from tradewind.training.plan import Plan
from tradewind.training.result import TrainResult, write_report
from tradewind.training.supervised.run import FineTuned


def train(
    shop: Shop,
    name: str,
    examples: Examples,
    checkpoint: Checkpoint,
    out: Path,
    progress: Progress,
    memory: Memory | None = None,
    *,
    ablate: bool = False,
) -> tuple[TrainResult, dict[str, Any]]:
    """Trains the estimator `name` of shop.yaml; returns the run and what its task's reader needs.

    `out` gets the folder `model` (a Hugging Face checkpoint with the head beside it), the report and event files, and
    where a later run may go on from this one the folder `memory`. `memory` is that of the version before.
    With `ablate` the report also says what each part of the shop's knowledge is worth.
    Raises DataError when the examples teach nothing, ConfigError for options that the task or method does not take.
    """
    settings = shop.settings.learn.estimators[name]
    task = estimator_task(settings.task)
    rows = group_rows(examples.groups, shop.settings.learn.seed)
    further = going_on(settings, memory, checkpoint, shop.settings.learn.seed)
    weak = weak_labels(shop, settings, examples, rows.learned)
    job = EstimatorJob(shop, applied(settings), checkpoint, progress, further, weak)
    run, other, notes = best_run(job, examples, rows, out)
    other |= {called: replace(run, done=one) for called, one in run.beside.items()}
    if ablate:
        other |= ablated(job, settings, examples, rows, out)
    notes = (*weak.notes, *notes, *run.notes, *([further.note(examples, rows.learned)] if further else []))
    if settings.techniques.suspicious:
        progress.start("looking for wrong labels", None)
        seed = shop.settings.learn.seed
        notes = (*notes, report_suspicious(out, examples, checkpoint, settings.max_tokens, seed=seed))
    table = figures_table(name, run, rows, job, (other, notes))
    facts = _facts(shop, checkpoint, run.plan, run.done) | {"task": settings.task, "examples": len(examples)}
    folder = run.done.save(checkpoint, out / "model")
    keep_memory(out / MEMORY, job, run, examples)
    figures = (curves_figure(run.done.curves), bars_figure(table.title, table.rows, table.columns, TUNED))
    report = write_report(out, name, (table,), figures, facts)
    result = TrainResult(name, folder, (table,), claims_of(name, table), report, run.out / "tensorboard", facts)
    config = {"task": settings.task, "pairs": bool(task.pairs), "tokenwise": run.done.model.tokenwise}
    return result, config | run.recipe.config()


def _facts(shop: Shop, checkpoint: Checkpoint, plan: Plan, done: FineTuned) -> dict[str, Any]:
    return {
        "shop": shop.settings.shop,
        "notice": shop.settings.notice or "",
        "seed": plan.seed,
        "weights": checkpoint.weights_source,
        "weights sha256": checkpoint.sha256,
        "licence": checkpoint.licence,
        "plan": asdict(plan),
        "steps": done.curves.last_step,
        "weights of step": done.curves.best_step,
        "libraries": {"torch": torch.__version__, "transformers": transformers.__version__},
        "python": platform.python_version(),
    }
