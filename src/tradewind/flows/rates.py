"""`tradewind train NAME --find-rate`: which learning rates an estimator's run can take, without learning anything."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tradewind.engine.estimators import KIND, settings_of
from tradewind.errors import ModelError
from tradewind.evaluation.report import Page, Table
from tradewind.flows.estimators import estimator_examples, pretrained
from tradewind.flows.making import require_texts
from tradewind.settings import Shop
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.training.rate_test import RateCurve


@dataclass(frozen=True, slots=True)
class FoundRate:
    """What the rising rate showed, and the page with its curve."""

    curve: RateCurve
    report: Path


def find_rate(shop: Shop, name: str, progress: Progress) -> FoundRate:
    """Returns the rates that the run of the estimator `name` can take, on its own batches; nothing is kept of it.

    Raises DataError and ConfigError as a run would.
    """
    from tradewind.training.estimator import train
    from tradewind.training.rate_test import RateKnown, RateTest
    from tradewind.training.watching import watched_by

    require_texts(shop, name, "--find-rate")
    settings = settings_of(shop, name)
    examples, _ = estimator_examples(shop, name)
    # A contrast run comes first, and its rate is not the one that is asked for.
    test = RateTest(skip=int(settings.techniques.contrast))
    out = shop.scratch / KIND / name / "rate"
    with watched_by(test), suppress(RateKnown):
        train(shop, name, examples, pretrained(shop, progress), out, progress)
    shutil.rmtree(out, ignore_errors=True)
    if test.curve is None:
        raise ModelError(f"{name} was learned without a run that has a learning rate")
    return FoundRate(test.curve, _report(shop, name, test.curve))


def _report(shop: Shop, name: str, curve: RateCurve) -> Path:
    from tradewind.training.rate_figure import rate_figure

    facts = {"shop": shop.settings.shop, "seed": str(shop.settings.learn.seed)} | {
        found: f"{value:.3g}" for found, value in asdict(curve).items() if isinstance(value, float)
    }
    said = Table(f"{name}: what the run can take", (), {}, notes=tuple(curve.as_text().splitlines()))
    page = shop.scratch / KIND / name / "rate.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(Page(f"Learning rate of {name}", facts, (said,), (rate_figure(curve),)).as_html(), encoding="utf-8")
    return page
