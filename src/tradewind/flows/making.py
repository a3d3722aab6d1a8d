"""What learning an estimator leaves before it is judged; and how one that reads pictures is made."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from tradewind.data.examples import Examples
from tradewind.engine.estimators import KIND, settings_of
from tradewind.errors import ConfigError, ParityError
from tradewind.runtime.text_model import ESTIMATOR_FILE
from tradewind.settings import EstimatorSettings, Shop
from tradewind.tasks.estimators import EstimatorTask, estimator_task, open_model, takes_pictures
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.training.continual.memory import Memory
    from tradewind.training.recognise.estimator import Learn, LearnedPictures
    from tradewind.training.result import TrainResult

TOLD: Final = {"r_drop", "adversary", "radius", "copies", "contrast"}
"""What of the techniques a tracker is told: the others hold the shop's words."""


class Weights(Protocol):
    """Where a model began."""

    @property
    def weights_source(self) -> str: ...

    @property
    def sha256(self) -> str: ...

    @property
    def licence(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Made:
    """A run, its bundle with what it is like on this machine, and what it was made of.

    `memory` is what the version that answers now left, where it left anything.
    """

    weights: Weights
    result: TrainResult
    bundle: Path
    profile: Mapping[str, Any]
    memory: Memory | None = None


def made_of_pictures(shop: Shop, name: str, examples: Examples, progress: Progress) -> Made:
    """Trains an estimator that reads pictures, and makes the bundle that will answer.

    Raises DataError, ConfigError, ParityError.
    """
    from tradewind.training.tracking import tracked

    settings = settings_of(shop, name)
    scratch = shop.scratch / KIND / name
    learn = _learn_of(estimator_task(settings.task))
    with tracked(shop, name, progress, told_settings(settings)) as run:
        learned = learn(shop, name, examples, scratch, progress)
        run.final(told_figures(learned.result))
    progress.start("holding the served model against its original", None)
    bundle = scratch / "bundle"
    shutil.rmtree(bundle, ignore_errors=True)
    learned.bundle.rename(bundle)
    (bundle / ESTIMATOR_FILE).write_text(json.dumps(learned.config, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return Made(learned.weights, learned.result, bundle, _profile(bundle, learned))


def require_texts(shop: Shop, name: str, what: str) -> None:
    """Raises ConfigError when the estimator `name` reads pictures, which `what` does not know."""
    task = settings_of(shop, name).task
    if takes_pictures(estimator_task(task)):
        raise ConfigError(f"{what} is for tasks that read texts, not for {task}", where=name)


def told_settings(settings: EstimatorSettings) -> dict[str, Any]:
    """Returns what a tracker may be told of the settings: how a run learns, and nothing of the shop's own words."""
    from tradewind.training.tracking import flattened

    return flattened(
        settings.model_dump(include={"task": True, "blocks": True, "max_tokens": True, "techniques": TOLD})
    )


def told_figures(result: TrainResult) -> dict[str, float]:
    """Returns the run's figures as a tracker takes them."""
    return {f"{row}/{column}": value for row, found in result.metrics.items() for column, value in found.items()}


def _learn_of(task: EstimatorTask) -> Learn:
    module, _, function = task.recipe.partition(":")
    found: Learn = getattr(importlib.import_module(module), function)
    return found


def _profile(bundle: Path, learned: LearnedPictures) -> dict[str, Any]:
    """The integers of a text's encoder are not tried on pictures, so what is asked is what rounding leaves."""
    from tradewind.compression.estimator import AGREEMENT, CORRELATION, compared
    from tradewind.compression.profile import profile_of

    served, _ = open_model(bundle)
    parity = compared(learned.outputs, np.stack(served.outputs(learned.held_out)))
    if parity.correlation < CORRELATION or parity.same_choice < AGREEMENT:
        raise ParityError(
            f"the served picture model is too far from its original: correlation {parity.correlation:.4f} (wanted "
            f"{CORRELATION}), same choice {parity.same_choice:.3f} (wanted {AGREEMENT})"
        )
    return profile_of(served.outputs, learned.held_out) | {"parity": asdict(parity)}
