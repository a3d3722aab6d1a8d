"""The runs of an estimator of the shop's own: one, or one with and one without guessed labels, and which is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tradewind.data.examples import Examples
from tradewind.data.group_rows import GroupRows
from tradewind.data.unlabelled import read_unlabelled
from tradewind.errors import ConfigError
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import EstimatorSettings, Shop
from tradewind.tasks.estimators import estimator_task, has_labels
from tradewind.telemetry import Progress
from tradewind.training.augmentation.examples import with_copies
from tradewind.training.averaging.members import Combined, combined
from tradewind.training.continual.going_on import GoingOn, output_names
from tradewind.training.continual.memory import Names
from tradewind.training.estimator_plan import plan_of, run_settings_of
from tradewind.training.few_labels.contrast import alike, contrasted
from tradewind.training.few_labels.descriptions import start_from
from tradewind.training.few_labels.guessing import guess, with_guesses
from tradewind.training.few_labels.pseudo import Guessed
from tradewind.training.few_labels.weak import NOTHING_SAID, WeakLabels
from tradewind.training.plan import Plan
from tradewind.training.supervised.recipe import Recipe, Rows, recipe_of
from tradewind.training.supervised.run import FineTuned, RunSettings, fine_tune
from tradewind.training.supervised.task import TextTask


@dataclass(frozen=True, slots=True)
class EstimatorRun:
    """A tuned model, how it was learned, and where its run lies.

    `outputs` say what each output stands for, `learned` are the rows that there were to learn from, `beside` the models
    that became this one, and `notes` what is worth saying of that.
    """

    recipe: Recipe
    plan: Plan
    done: FineTuned
    out: Path
    outputs: Names
    learned: Rows
    beside: Mapping[str, FineTuned] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@runtime_checkable
class Completing(Protocol):
    """A recipe that adds to a tuned model what is not learned by its run."""

    def completed(self, done: FineTuned, learned: Rows, validated: Rows, seed: int) -> FineTuned:
        """Returns the run with what was added."""


@dataclass(frozen=True, slots=True)
class EstimatorJob:
    """What all runs of an estimator share."""

    shop: Shop
    settings: EstimatorSettings
    checkpoint: Checkpoint
    progress: Progress
    going_on: GoingOn | None = None
    weak: WeakLabels = NOTHING_SAID
    """What the shop's rules say of unlabelled texts."""

    def run(self, examples: Examples, rows: GroupRows, out: Path, guessed: Guessed | None = None) -> EstimatorRun:
        """Tunes one model; what rules say and what is `guessed` is learned beside the rows, and never validated or
        tested on."""
        learn = self.shop.settings.learn
        made = self.recipe()
        base = self.going_on.taught(examples, rows.learned) if self.going_on else rows.learned
        whole, taught = with_copies(examples, base, self.settings.techniques, learn.seed)
        for further in (self.weak.said, guessed):
            if further:
                whole, taught = with_guesses(whole, taught, further)
        recipe = made(whole, self.options())
        plan = plan_of(learn, self.settings, len(taught))
        task = recipe.task(rows.learned)
        outputs = output_names(recipe, task.outputs)
        start = self._start(whole, (taught, rows.validated), out)
        sides = recipe.take(taught), recipe.take(rows.validated)
        found = self._tuned(task, start, sides, plan, out, self._run_settings(recipe, outputs))
        done = found.done
        if isinstance(recipe, Completing):
            done = recipe.completed(done, taught, rows.validated, learn.seed)
        return EstimatorRun(recipe, plan, done, out, outputs, rows.learned, found.others, tuple(found.notes))

    def _tuned(
        self, task: TextTask, start: Checkpoint, sides: tuple[Any, Any], plan: Plan, out: Path, settings: RunSettings
    ) -> Combined:
        """Returns the model of one run, or of several that became one."""

        def run(task: TextTask, plan: Plan, out: Path) -> FineTuned:
            return fine_tune(task, start, sides, plan, out, settings=settings, progress=self.progress)

        members, combine = self.settings.techniques.members, self.settings.techniques.combine
        if members == 1:
            return Combined(run(task, plan, out), {}, ())
        return combined(task, plan, sides[1], out, run, members=members, combine=combine)

    def _run_settings(self, recipe: Recipe, outputs: Names) -> RunSettings:
        settings = run_settings_of(self.shop.settings.learn, self.settings)
        if self.going_on:
            return self.going_on.settings(settings, outputs)
        return replace(settings, start=start_from(recipe))

    def options(self) -> dict[str, Any]:
        """Returns the task's options with the techniques that are options of its loss."""
        smoothing = self.settings.techniques.label_smoothing
        return self.settings.options | ({} if smoothing is None else {"smoothing": smoothing})

    def recipe(self) -> type[Recipe]:
        """Returns how the task is learned. Raises ConfigError for a technique that cannot teach it."""
        task = estimator_task(self.settings.task)
        found, techniques = recipe_of(task), self.settings.techniques
        if techniques.augment and not getattr(found, "augments", True):
            raise ConfigError(f"{self.settings.task} cannot learn from changed texts", hint="leave out augment")
        labelled = {"contrast": techniques.contrast, "suspicious": techniques.suspicious}
        labelled["unlabelled"] = self.settings.examples.unlabelled is not None
        labelled["gate.old_slices"] = self.settings.gate.old_slices is not None
        for name, asked in labelled.items():
            if asked and not has_labels(task):
                raise ConfigError(f"{name} is for tasks that give a text one label, not for {self.settings.task}")
        return found

    def _start(self, examples: Examples, sides: tuple[Rows, Rows], out: Path) -> Checkpoint:
        """Returns the encoder that the run begins with: the pretrained one, or one tuned by contrast before it."""
        if self.going_on:
            return self.going_on.checkpoint(self.checkpoint)
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


OtherRuns = dict[str, EstimatorRun]


def best_run(
    job: EstimatorJob, examples: Examples, rows: GroupRows, out: Path
) -> tuple[EstimatorRun, OtherRuns, tuple[str, ...]]:
    """Returns the run that is kept, the one that is not by what it is called, and what is worth saying of them."""
    first = job.run(examples, rows, out)
    asked = job.settings.examples.unlabelled
    if asked is None:
        return first, {}, ()
    task = estimator_task(job.settings.task)
    texts = job.weak.left_open(read_unlabelled(asked, job.shop.root))
    found = guess(first.done, task.reader(first.recipe.config()), examples, rows.validated, (texts, asked))
    sure = job.weak.allowed(found.sure)
    said = f"{len(sure)} of {found.asked} unlabelled texts guessed surely at temperature {found.temperature:g}"
    if not len(sure):
        return first, {}, (f"{said}: nothing to learn from.",)
    second = job.run(examples, rows, out / "pseudo", sure)
    watched = next(iter(first.done.tuned))
    before, after = first.done.tuned[watched], second.done.tuned[watched]
    kept = after >= before
    note = f"{said}; on validation {watched} {before:.4f} without, {after:.4f} with: {'kept' if kept else 'not kept'}."
    if kept:
        return second, {"without pseudo-labels": first}, (note,)
    return first, {"with pseudo-labels": second}, (note,)
