"""What the task `recognise` takes beside its examples, and how long its effort lets it learn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field, ValidationError

from tradewind.errors import ConfigError
from tradewind.models.vision.pretrained import PictureModel, resolve_pictures
from tradewind.runtime.vision import Fit
from tradewind.settings import Effort, EstimatorSettings, LearnSettings
from tradewind.settings.base import Settings
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.recognise.bench import CUT, SMOOTHING, RecogniseSettings
from tradewind.training.tuning import method

TECHNIQUES: Final = frozenset({"ema", "checkpoints", "combine", "label_smoothing"})
"""What of the techniques a run over pictures has: `combine` is how its checkpoints are averaged."""
RATES: Final = {"full": 5e-4}
"""Rates of AdamW that are other than those for texts."""


class RecogniseOptions(Settings):
    """The pretrained model, how pictures are fitted to it (left out, as it was pretrained), and views of a picture."""

    pretrained: str = "package:efficientnet-lite0"
    size: int | None = Field(None, ge=8, le=1024)
    fit: Fit | None = None
    views: int | None = Field(None, ge=0, le=50)

    def model(self) -> PictureModel:
        """Returns the pretrained model. Raises ModelError, MissingExtraError."""
        found = resolve_pictures(self.pretrained)
        given = {name: value for name, value in (("size", self.size), ("fit", self.fit)) if value is not None}
        return replace(found, input=found.input.model_copy(update=given))


@dataclass(frozen=True, slots=True)
class PictureEffort:
    """What an effort allows: views of a picture, steps by the number of epochs, within `most` of them."""

    views: int
    epochs: float
    most: int


EFFORTS: Final[dict[Effort, PictureEffort]] = {
    "quick": PictureEffort(2, 4.0, 300),
    "normal": PictureEffort(4, 8.0, 3000),
    "full": PictureEffort(8, 12.0, 30000),
}


def options_of(given: Mapping[str, Any]) -> RecogniseOptions:
    """Returns the options. Raises ConfigError for one that the task does not take, or a value that is wrong."""
    try:
        return RecogniseOptions.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        known = ", ".join(RecogniseOptions.model_fields)
        raise ConfigError(f"recognise, option {name!r}: {first['msg']}", hint=f"it takes: {known}") from None


def require_pictures_can(settings: EstimatorSettings, name: str) -> None:
    """Raises ConfigError for a setting that learning from texts has and learning from pictures has not."""
    asked = [f"techniques.{one}" for one in sorted(settings.techniques.model_fields_set - TECHNIQUES)]
    asked += [f"knowledge.{one}" for one in sorted(settings.knowledge.model_fields_set)]
    asked += [one for one in ("continual", "max_tokens") if one in settings.model_fields_set]
    asked += ["gate.old_slices"] if settings.gate.old_slices is not None else []
    if asked:
        raise ConfigError(
            f"{asked[0]} is for tasks that read texts, not for {settings.task}", where=name, hint="leave it out"
        )


def plan_of(learn: LearnSettings, settings: EstimatorSettings, count: int) -> Plan:
    """Returns the plan of a run over `count` pictures."""
    effort = EFFORTS[learn.effort]
    size = settings.batch_size or 32
    steps = int(np.clip(round(effort.epochs * count / size), 30, effort.most))
    rate = settings.learning_rate or RATES.get(settings.method)
    tuning = method(settings.method, settings.method_options)
    budget = Budget(steps, size, max(5, steps // 8))
    planned = plan_run(settings.model_copy(update={"learning_rate": rate}), learn, budget, tuning)
    added = settings.techniques
    soup: Literal["greedy", "uniform"] = "uniform" if added.combine == "uniform" else "greedy"
    return replace(planned, ema=added.ema, checkpoints=added.checkpoints, soup=soup)


def run_settings_of(learn: LearnSettings, settings: EstimatorSettings, depth: int) -> RecogniseSettings:
    """Returns how much of a model of `depth` blocks moves, and how many views of a picture are taken."""
    views, smoothing = options_of(settings.options).views, settings.techniques.label_smoothing
    return RecogniseSettings(
        cut=max(0, depth - settings.blocks) if settings.blocks else min(CUT, depth),
        views=EFFORTS[learn.effort].views if views is None else views,
        smoothing=SMOOTHING if smoothing is None else smoothing,
    )
