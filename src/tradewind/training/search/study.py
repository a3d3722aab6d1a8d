"""A search within a budget of minutes and trials, kept in a file so that it goes on where it was broken off.

Tree-structured Parzen estimators choose what is tried next (Bergstra et al., "Algorithms for hyper-parameter
optimization", NeurIPS 2011); a trial that validates below the median of the others at the same share of its run is
given up.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

from tradewind.errors import ModelError
from tradewind.telemetry import Progress
from tradewind.training.search.space import Space, Values
from tradewind.training.watching import Start, Watcher, watched_by

SHARES: Final = 12
"""Parts of a run at which trials of different lengths are compared."""
_AT_RANDOM: Final = 6
_STATES: Final = {TrialState.COMPLETE: "whole", TrialState.PRUNED: "given up"}
Try = Callable[[Values, int], float]
"""The settings of a trial and its number in, what it validates at out, higher is better."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Minutes of this call, and trials in all, those of earlier calls among them."""

    minutes: float
    trials: int


@dataclass(frozen=True, slots=True)
class Trial:
    """One try: its settings, what it validated at (None when it was given up) and how long it took; `usual` says that
    the settings are the run's own."""

    number: int
    usual: bool
    values: Values
    validated: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """All trials in their order, the best one, and each setting's share in what made a difference."""

    trials: tuple[Trial, ...]
    best: Trial
    importances: Mapping[str, float]
    resumed: int


class GivenUp(Exception):  # noqa: N818  (ends a run that promises nothing)
    """A trial that lies below the others, or for which no time is left."""


class _Judge(Watcher):
    """Reports a trial's validations and gives it up where it should be; `skip` runs come before the one that counts."""

    def __init__(self, trial: optuna.Trial, skip: int, until: float | None) -> None:
        self._trial = trial
        self._skip = skip
        self._until = until
        self._steps = 0

    def started(self, run: Start) -> None:
        self._skip -= 1
        self._steps = run.plan.steps

    def validated(self, step: int, value: float) -> None:
        if self._skip >= 0:
            return
        self._trial.report(value, min(SHARES, round(SHARES * step / self._steps)))
        late = self._until is not None and time.monotonic() > self._until
        if step < self._steps and (late or self._trial.should_prune()):
            raise GivenUp


def search(
    space: Space, tried: Try, limits: Limits, storage: Path, name: str, *, seed: int, skip: int, progress: Progress
) -> Found:
    """Returns the best settings that `tried` knows within `limits`; the first trial is the run's own settings.

    `storage` is a SQLite file; a study of the same `name` in it is gone on with. The first trial is never given up.
    A trial whose loss is no number counts as given up; other errors end the search.
    """
    study = _study(storage, name, seed)
    resumed = len(_done(study))
    if not resumed:
        study.enqueue_trial(dict(space.usual))
    started = time.monotonic()
    until = started + 60.0 * limits.minutes
    progress.start("searching", limits.trials)
    progress.advance(resumed)
    while len(_done(study)) < limits.trials and (time.monotonic() < until or not _whole(study)):
        trial = study.ask(dict(space.ranges))
        first = not _whole(study)
        value = _run(trial, tried, _Judge(trial, skip, None if first else until), progress)
        study.tell(trial, value, TrialState.PRUNED if value is None else TrialState.COMPLETE)
        progress.note(f"      {_said(study, trial.number, value)}")
        progress.start("searching", limits.trials)
        progress.advance(len(_done(study)))
    return _found(study, resumed, space)


def _run(trial: optuna.Trial, tried: Try, judge: _Judge, progress: Progress) -> float | None:
    try:
        with watched_by(judge):
            return tried(trial.params, trial.number)
    except GivenUp:
        return None
    except ModelError as error:
        progress.note(f"      trial {trial.number}: {error.what}")
        return None


def _study(storage: Path, name: str, seed: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study = optuna.create_study(
            storage=f"sqlite:///{storage}", study_name=name, direction="maximize", load_if_exists=True
        )
        # A search that goes on must not draw again what it drew before.
        study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials), n_startup_trials=_AT_RANDOM)
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=SHARES // 4)
    for left in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        study.tell(left.number, state=TrialState.FAIL)
    return study


def _done(study: optuna.Study) -> list[Any]:
    return study.get_trials(deepcopy=False, states=tuple(_STATES))


def _whole(study: optuna.Study) -> list[Any]:
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def _said(study: optuna.Study, number: int, value: float | None) -> str:
    came = "given up" if value is None else f"{value:.4f}"
    best = f"; best {study.best_value:.4f}" if _whole(study) else ""
    return f"trial {number}: {came}{best}"


def _found(study: optuna.Study, resumed: int, space: Space) -> Found:
    trials = tuple(_trial(one, space) for one in _done(study))
    whole = [trial for trial in trials if trial.validated is not None]
    if not whole:
        raise ModelError("no trial could be learned to its end", hint="lower the rates in learn.search")
    # Of equals the first: the run's own settings rather than others that are no better.
    best = max(whole, key=lambda trial: (trial.validated or 0.0, -trial.number))
    return Found(trials, best, _importances(study), resumed)


def _trial(one: Any, space: Space) -> Trial:
    whole = one.state == TrialState.COMPLETE
    taken = (one.datetime_complete - one.datetime_start).total_seconds()
    usual = one.params == dict(space.usual)
    return Trial(one.number, usual, dict(one.params), float(one.value) if whole else None, taken)


def _importances(study: optuna.Study) -> dict[str, float]:
    """Few trials, or trials that all came to the same, say nothing of what matters."""
    if len(_whole(study)) < _AT_RANDOM:
        return {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return {name: float(share) for name, share in optuna.importance.get_param_importances(study).items()}
    except (ValueError, RuntimeError):
        return {}
