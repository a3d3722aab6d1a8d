"""Keeps of a finished run what a later one needs to go on from it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from tradewind.data.examples import Examples
from tradewind.models.bi_encoder import save_bi_encoder
from tradewind.training.continual.anchor import fisher
from tradewind.training.continual.memory import write_facts, write_weights
from tradewind.training.estimator_run import EstimatorJob, EstimatorRun

MEMORY: Final = "memory"


def keep_memory(folder: Path, job: EstimatorJob, run: EstimatorRun, examples: Examples) -> None:
    """Writes into `folder` which rows the run knew, and with `continual` its weights and what each of them mattered.

    Writes nothing, and leaves nothing of an older run there, where neither `continual` nor `gate.old_slices` is set.
    """
    shutil.rmtree(folder, ignore_errors=True)
    settings, checkpoint = job.settings, job.checkpoint
    if settings.continual is None and settings.gate.old_slices is None:
        return
    write_facts(folder, task=settings.task, weights=checkpoint.sha256, outputs=run.outputs, examples=examples)
    if settings.continual is not None:
        job.progress.start("measuring what each weight mattered", None)
        model = run.done.model
        recipe = job.recipe()(examples, job.options() | getattr(run.recipe, "exact", {}))
        task = recipe.task(run.learned)
        rows = task.rows(recipe.take(run.learned), model.encoder)
        save_bi_encoder(model.encoder, checkpoint.folder, folder)
        write_weights(folder, model, fisher(model, task, rows, run.plan))
