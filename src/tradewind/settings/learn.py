"""The block of shop.yaml about what is learned."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from tradewind.settings.base import Settings
from tradewind.settings.describe import DescribeSettings
from tradewind.settings.estimator import EstimatorSettings
from tradewind.settings.predicted import PredictedSettings, harmless
from tradewind.settings.pretrain import PretrainSettings
from tradewind.settings.purchase import PurchaseSettings, not_named_purchase
from tradewind.settings.resources import ResourceSettings
from tradewind.settings.search import SearchSettings
from tradewind.settings.task import MatchSettings, TaskSettings

Effort = Literal["quick", "normal", "full"]


class LearnSettings(Settings):
    """What is learned, and how long that may take."""

    effort: Effort = "quick"
    seed: int = 13
    threads: int = Field(2, ge=1)
    match: MatchSettings = MatchSettings()
    classify: TaskSettings = TaskSettings(method="head")
    next_item: TaskSettings = TaskSettings()
    label: str = "category"
    """What classify predicts: `category` (the leaf of the path) or an attribute's name."""
    tracking: str = "none"
    """Where runs are tracked beside TensorBoard: `none`, `wandb`, `mlflow`, or a tracker that a plug-in brings."""
    tracking_address: str | None = None
    """The tracker's server, for MLflow any tracking URI; left out, runs stay in the shop's folder and nothing is
    sent."""
    resources: ResourceSettings = ResourceSettings()
    purchase: PurchaseSettings = PurchaseSettings()
    predicted: dict[str, PredictedSettings] = {}
    """Attributes that are guessed of people who did not tell them, by name; none unless written, and never a sensitive
    one. `tradewind train NAME` learns one."""
    search: SearchSettings = SearchSettings()
    pretrain: PretrainSettings = PretrainSettings()
    describe: DescribeSettings = DescribeSettings()
    estimators: dict[str, EstimatorSettings] = {}
    """Models of the shop's own by name, each learned by `tradewind train NAME`, asked by `tradewind predict NAME`."""

    _names = field_validator("estimators")(not_named_purchase)
    _harmless = field_validator("predicted")(harmless)

    @model_validator(mode="after")
    def _one_name_each(self) -> Self:
        both = sorted(set(self.estimators) & set(self.predicted))
        if both:
            raise ValueError(f"{both[0]!r} names an estimator and a predicted attribute: choose another for one")
        return self
