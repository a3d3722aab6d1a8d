"""Searches the settings of one estimator: chosen on validation, and measured once on the test beside the defaults."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from transformers import AutoConfig

from tradewind.data.examples import Examples
from tradewind.data.group_rows import GroupRows, group_rows
from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import Interval, paired_bootstrap
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import EstimatorSettings, Shop
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training.estimator_figures import TUNED, figures_table
from tradewind.training.estimator_plan import plan_of, run_settings_of
from tradewind.training.estimator_run import EstimatorJob, EstimatorRun
from tradewind.training.figures import bars_figure
from tradewind.training.knowledge import applied
from tradewind.training.result import write_report
from tradewind.training.search.figures import history_figure, importance_figure
from tradewind.training.search.space import Space, Values, block_of, settings_with, space_of
from tradewind.training.search.study import Found, Limits, Trial, search
from tradewind.training.supervised.states import states_kept

DEFAULTS: Final = "defaults"
PARTS: Final = 20
"""Parts of the test over which a gain has to hold."""
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for: the shop's estimator `name`, its examples, the encoder, and the folder to work in.

    `storage` keeps the trials, and has to outlive `out`.
    """

    shop: Shop
    name: str
    examples: Examples
    checkpoint: Checkpoint
    out: Path
    storage: Path

    @property
    def settings(self) -> EstimatorSettings:
        """The estimator's block of shop.yaml; guessed labels are left out, which would make two runs of one."""
        own = self.shop.settings.learn.estimators[self.name]
        return own.model_copy(update={"examples": own.examples.model_copy(update={"unlabelled": None})})

    def job(self, values: Values, progress: Progress) -> EstimatorJob:
        """Returns the run with `values`."""
        return EstimatorJob(self.shop, applied(settings_with(self.settings, values)), self.checkpoint, progress)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search came to: the trials, the block for shop.yaml, the figures on the test, and the page."""

    found: Found
    block: str
    table: Table
    verdict: str
    report: Path


def tune(asked: Search, limits: Limits, progress: Progress) -> Tuned:
    """Returns the settings that validate best within `limits`, and what they and the defaults come to on the test.

    `asked.out` gets the report and settings.yaml. Raises ConfigError for a search space that the method does not take.
    """
    seed = asked.shop.settings.learn.seed
    rows = group_rows(asked.examples.groups, seed)
    space = _space(asked, rows)
    watched: list[str] = []

    def tried(values: Values, number: int) -> float:
        run = _run(asked, rows, values, f"trial-{number}", SilentProgress())
        watched[:] = [next(iter(run.done.tuned))]
        return run.done.tuned[watched[0]]

    skip = int(asked.settings.techniques.contrast)
    name = _identity(asked, space)
    # Trials that cut the encoder at the same place read every text once between them.
    with states_kept(asked.out / "states"):
        found = search(space, tried, limits, asked.storage, name, seed=seed, skip=skip, progress=progress)
        best = _run(asked, rows, found.best.values, "best", progress)
        usual = best if found.best.usual else _run(asked, rows, {}, DEFAULTS, progress)
    return _told(asked, rows, found, (best, usual), progress)


def _space(asked: Search, rows: GroupRows) -> Space:
    learn = asked.shop.settings.learn
    plan = plan_of(learn, asked.settings, len(rows.learned))
    depth = int(AutoConfig.from_pretrained(asked.checkpoint.folder).num_hidden_layers)
    blocks = min(depth, run_settings_of(learn, asked.settings).blocks)
    return space_of(learn.search, asked.settings, plan, blocks, depth)


def _run(asked: Search, rows: GroupRows, values: Values, name: str, progress: Progress) -> EstimatorRun:
    out = asked.out / name
    try:
        return asked.job(values, progress).run(asked.examples, rows, out)
    finally:
        shutil.rmtree(out, ignore_errors=True)


def _identity(asked: Search, space: Space) -> str:
    """Trials of other data, another encoder or another space say nothing of these."""
    told = [
        asked.examples.digest(),
        asked.checkpoint.sha256,
        asked.settings.model_dump(mode="json"),
        {name: repr(one) for name, one in space.ranges.items()},
        asked.shop.settings.learn.seed,
    ]
    return f"{asked.name}-{hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]}"


def _told(
    asked: Search, rows: GroupRows, found: Found, runs: tuple[EstimatorRun, EstimatorRun], progress: Progress
) -> Tuned:
    best, usual = runs
    verdict = _verdict(best, usual, rows, found)
    job = asked.job(found.best.values, progress)
    others = {} if best is usual else {DEFAULTS: usual}
    notes = (verdict, f"{len(found.trials)} trials, chosen on validation; the test was read once, for this table.")
    table = figures_table(asked.name, best, rows, job, (others, notes))
    block = _block(asked, found)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "settings.yaml").write_text(block, encoding="utf-8")
    watched = next(iter(best.done.tuned))
    figures = [history_figure(found, watched), *([importance_figure(found)] if found.importances else [])]
    figures.append(bars_figure(table.title, table.rows, table.columns, TUNED))
    facts = {"shop": asked.shop.settings.shop, "seed": best.plan.seed, "weights": asked.checkpoint.weights_source}
    facts |= {"trials from earlier calls": found.resumed, "plan": asdict(best.plan), "for shop.yaml": block}
    tables = (table, _trials_table(found, watched))
    report = write_report(asked.out, f"a search for settings of {asked.name}", tables, tuple(figures), facts)
    return Tuned(found, block, table, verdict, report)


def _block(asked: Search, found: Found) -> str:
    """The whole estimator is not repeated: these lines go into its block."""
    lines = {} if found.best.usual else block_of(asked.settings, found.best.values)
    return yaml.safe_dump({"learn": {"estimators": {asked.name: lines}}}, sort_keys=False, allow_unicode=True)


def _verdict(best: EstimatorRun, usual: EstimatorRun, rows: GroupRows, found: Found) -> str:
    watched = next(iter(best.done.tuned))
    if best is usual:
        return f"Nothing validated better than the defaults ({watched} {found.best.validated:.4f}): keep them."
    gain = _gain(best, usual, rows)
    interval = f"95 % interval {gain.low:+.4f} to {gain.high:+.4f}"
    said = f"{watched} {gain.mean:+.4f} on average over parts of the test, {interval}"
    if gain.low > 0:
        return f"The settings found are better than the defaults: {said}."
    if gain.high < 0:
        return f"The defaults are better than the settings found, which only validated better: {said}."
    return f"The defaults are as good as the settings found: {said}."


def _gain(best: EstimatorRun, usual: EstimatorRun, rows: GroupRows) -> Interval:
    """Over parts of the test, each read by both: the figures of some tasks are none of single rows."""
    parts = [part for part in np.array_split(rows.tested, min(PARTS, max(2, len(rows.tested) // 5))) if len(part)]
    ours, theirs = (np.array([_figure(run, part) for part in parts]) for run in (best, usual))
    kept = np.isfinite(ours) & np.isfinite(theirs)
    return paired_bootstrap(ours[kept], theirs[kept], seed=best.plan.seed)


def _figure(run: EstimatorRun, part: Any) -> float:
    examples = run.recipe.take(part)
    outputs = run.done.outputs(examples)
    return next(iter(run.done.task.figures(outputs, examples).values())) if outputs else float("nan")


def _trials_table(found: Found, watched: str) -> Table:
    whole = [trial for trial in found.trials if trial.validated is not None]
    ranked = sorted(whole, key=lambda trial: (-(trial.validated or 0.0), trial.number))[:_SHOWN]
    rows = {
        _called(trial): {watched: trial.validated or 0.0} | _shown(trial.values) | {"seconds": trial.seconds}
        for trial in ranked
    }
    columns = tuple(dict.fromkeys(column for row in rows.values() for column in row))
    note = f"{len(found.trials) - len(whole)} of {len(found.trials)} trials were given up early."
    return Table("The best trials, on validation", columns, rows, _called(found.best), (note,), "trial")


def _shown(values: Values) -> dict[str, float]:
    """Numbers as a table can print them: a rate has its digits far behind the point."""
    found = {name: float(value) for name, value in values.items() if isinstance(value, int | float)}
    rate = found.pop("learning_rate", None)
    return ({} if rate is None else {"learning_rate × 10⁴": 1e4 * rate}) | found


def _called(trial: Trial) -> str:
    return f"{trial.number}{' (the defaults)' if trial.usual else ''}"
