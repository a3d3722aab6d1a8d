"""`tradewind tune NAME`: searches the settings of an estimator and says whether they are better than the defaults."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from tradewind.engine.estimators import KIND, settings_of
from tradewind.errors import ConfigError, MissingExtraError
from tradewind.flows.estimators import estimator_examples, pretrained
from tradewind.flows.making import require_texts, told_settings
from tradewind.settings import Shop
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.training.search.estimator import Tuned


def tune_estimator(shop: Shop, name: str, minutes: float, trials: int, progress: Progress) -> Tuned:
    """Returns what a search within `minutes` and `trials` came to; it goes on with the trials of an earlier call.

    Nothing is published: the block is for shop.yaml. Raises DataError and ConfigError as a run would,
    MissingExtraError when Optuna is not installed.
    """
    if minutes <= 0 or trials < 2:
        raise ConfigError(f"{minutes:g} minutes and {trials} trials are no search", hint="give 2 trials or more")
    if find_spec("optuna") is None:
        raise MissingExtraError("optuna", "tune")
    from tradewind.training.search.estimator import Search, tune
    from tradewind.training.search.study import Limits
    from tradewind.training.tracking import tracked

    require_texts(shop, name, "a search")
    settings = settings_of(shop, name)
    examples, _ = estimator_examples(shop, name)
    out, storage = shop.scratch / KIND / name / "search", shop.work / "search" / f"{name}.db"
    asked = Search(shop, name, examples, pretrained(shop, progress), out, storage)
    with tracked(shop, f"tune {name}", progress, told_settings(settings)):
        return tune(asked, Limits(minutes, trials), progress)
