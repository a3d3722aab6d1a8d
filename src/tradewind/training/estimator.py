"""Learns one estimator of a shop's own from its table of examples, and measures it on groups it never saw."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
import transformers

from tradewind.data.examples import Examples
from tradewind.data.group_rows import GroupRows, group_rows
from tradewind.data.unlabelled import read_unlabelled
from tradewind.errors import ConfigError
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import EstimatorSettings, Shop
from tradewind.tasks.estimators import EstimatorTask, estimator_task
from tradewind.telemetry import Progress
from tradewind.training.augmentation.examples import with_copies
from tradewind.training.estimator_plan import plan_of, run_settings_of
from tradewind.training.few_labels.contrast import alike, contrasted
from tradewind.training.few_labels.descriptions import by_description, start_from
from tradewind.training.few_labels.guessing import guess, with_guesses
from tradewind.training.few_labels.noise import report_suspicious
from tradewind.training.few_labels.pseudo import Guessed
from tradewind.training.figures import bars_figure, curves_figure
from tradewind.training.plan import Plan
from tradewind.training.result import TrainResult, write_report
from tradewind.training.supervised.recipe import Recipe, Rows, recipe_of
from tradewind.training.supervised.run import FineTuned, fine_tune

TUNED: Final = "tuned"


def train(
    shop: Shop, name: str, examples: Examples, checkpoint: Checkpoint, out: Path, progress: Progress
) -> tuple[TrainResult, dict[str, Any]]:
    """Trains the estimator `name` of shop.yaml; returns the run and what its task's reader needs.

    `out` gets the folder `model` (a Hugging Face checkpoint with the head beside it), the report and event files.
    Raises DataError when the examples teach nothing, ConfigError for options that the task or method does not take.
    """
    settings = shop.settings.learn.estimators[name]
    task = estimator_task(settings.task)
    rows = group_rows(examples.groups, shop.settings.learn.seed)
    job = _Job(shop, settings, checkpoint, progress)
    run, other, notes = _best_run(job, examples, rows, out)
    if settings.techniques.suspicious:
        progress.start("looking for wrong labels", None)
        seed = shop.settings.learn.seed
        notes = (*notes, report_suspicious(out, examples, checkpoint, settings.max_tokens, seed=seed))
    table = _table(name, run, rows, job, (other, notes))
    facts = _facts(shop, checkpoint, run.plan, run.done) | {"task": settings.task, "examples": len(examples)}
    folder = run.done.save(checkpoint, out / "model")
    figures = (curves_figure(run.done.curves), bars_figure(table.title, table.rows, table.columns, TUNED))
    report = write_report(out, name, (table,), figures, facts)
    result = TrainResult(name, folder, (table,), _claims(name, table), report, run.out / "tensorboard", facts)
    config = {"task": settings.task, "pairs": _pairs(task), "tokenwise": run.done.model.tokenwise}
    return result, config | run.recipe.config()


@dataclass(frozen=True, slots=True)
class _Run:
    """A tuned model, how it was learned, and where its run lies."""

    recipe: Recipe
    plan: Plan
    done: FineTuned
    out: Path


@dataclass(frozen=True, slots=True)
class _Job:
    """What all runs of an estimator share."""

    shop: Shop
    settings: EstimatorSettings
    checkpoint: Checkpoint
    progress: Progress

    def run(self, examples: Examples, rows: GroupRows, out: Path, guessed: Guessed | None = None) -> _Run:
        """Tunes one model; `guessed` is learned beside the rows, and never validated or tested on."""
        learn = self.shop.settings.learn
        whole, taught = with_copies(examples, rows.learned, self.settings.techniques, learn.seed)
        if guessed:
            whole, taught = with_guesses(whole, taught, guessed)
        recipe = recipe_of(estimator_task(self.settings.task))(whole, self.settings.options)
        plan = plan_of(self.shop.settings.learn, self.settings, len(taught))
        task = recipe.task(rows.learned)
        done = fine_tune(
            task,
            self._start(whole, (taught, rows.validated), out),
            (recipe.take(taught), recipe.take(rows.validated)),
            plan,
            out,
            settings=replace(run_settings_of(self.shop.settings.learn, self.settings), start=start_from(recipe)),
            progress=self.progress,
        )
        return _Run(recipe, plan, done, out)

    def _start(self, examples: Examples, sides: tuple[Rows, Rows], out: Path) -> Checkpoint:
        """Returns the encoder that the run begins with: the pretrained one, or one tuned by contrast before it."""
        if not self.settings.techniques.contrast:
            return self.checkpoint
        settings = self.settings if self.settings.method != "head" else _moving(self.settings)
        plan = plan_of(self.shop.settings.learn, settings, len(sides[0]))
        both = alike(examples, sides[0]), alike(examples, sides[1])
        run_settings = run_settings_of(self.shop.settings.learn, settings)
        return contrasted(self.checkpoint, both, plan, out / "contrast", run_settings, self.progress)


def _moving(settings: EstimatorSettings) -> EstimatorSettings:
    """A head alone would leave the encoder as it is: contrast moves its blocks, at the usual rate of doing so."""
    return settings.model_copy(update={"method": "full", "method_options": {}, "learning_rate": None})


_Others = dict[str, _Run]


def _best_run(job: _Job, examples: Examples, rows: GroupRows, out: Path) -> tuple[_Run, _Others, tuple[str, ...]]:
    """Returns the run that is kept, the one that is not by what it is called, and what is worth saying of them."""
    first = job.run(examples, rows, out)
    asked = job.settings.examples.unlabelled
    if asked is None:
        return first, {}, ()
    task = estimator_task(job.settings.task)
    if _pairs(task):
        raise ConfigError(f"{job.settings.task} compares two texts: unlabelled texts teach it nothing")
    texts = read_unlabelled(asked, job.shop.root)
    found = guess(first.done, task.reader(first.recipe.config()), examples, rows.validated, (texts, asked))
    said = f"{len(found.sure)} of {found.asked} unlabelled texts guessed surely at temperature {found.temperature:g}"
    if not len(found.sure):
        return first, {}, (f"{said}: nothing to learn from.",)
    second = job.run(examples, rows, out / "pseudo", found.sure)
    watched = next(iter(first.done.tuned))
    before, after = first.done.tuned[watched], second.done.tuned[watched]
    kept = after >= before
    note = f"{said}; on validation {watched} {before:.4f} without, {after:.4f} with: {'kept' if kept else 'not kept'}."
    if kept:
        return second, {"without pseudo-labels": first}, (note,)
    return first, {"with pseudo-labels": second}, (note,)


def _pairs(task: EstimatorTask) -> bool:
    return bool(task.pairs)


def _table(name: str, run: _Run, rows: GroupRows, job: _Job, beside: tuple[_Others, tuple[str, ...]]) -> Table:
    job.progress.start("measuring against baselines", None)
    learn, notice = job.shop.settings.learn, job.shop.settings.notice
    tuned = _figures(run, rows)
    # The strongest baseline stays last: it is the one that the claim is about.
    found = {other: _figures(one, rows) for other, one in beside[0].items()}
    found |= by_description(run.recipe, rows.tested, job.checkpoint, job.settings.max_tokens)
    found |= run.recipe.baselines(rows.learned, rows.tested, learn.seed) | {TUNED: tuned}
    columns = tuple(column for column in tuned if not column.startswith("-"))
    shown = {
        row: {column: figures[column] for column in columns if column in figures} for row, figures in found.items()
    }
    notes = (
        f"{len(rows.learned)} rows learned, {len(rows.validated)} validated, {len(rows.tested)} tested, no group in "
        f"two of them; seed {learn.seed}.",
        *run.recipe.notes(rows.learned, rows.tested),
        *beside[1],
        *([notice] if notice else []),
    )
    return Table(f"{name}: on examples that were never learned", columns, shown, TUNED, notes)


def _figures(run: _Run, rows: GroupRows) -> dict[str, float]:
    examples = run.recipe.take(rows.tested)
    return run.done.task.figures(run.done.outputs(examples), examples)


def _claims(name: str, table: Table) -> tuple[Claim, ...]:
    """The tuned model beside the strongest baseline, the last one, in the first column."""
    strongest = [row for row in table.rows if row != TUNED][-1]
    column = table.columns[0]
    better: Any = "lower" if column in ("RMSE", "MAE") else "higher"
    ours, peer = table.rows[TUNED][column], table.rows[strongest][column]
    return (Claim(f"{name}: {column} on unseen groups, against {strongest}", ours, peer, column, 1.0, better),)


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
