"""`tradewind train purchase`: from the shop's log to a signed model that says who will buy of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradewind.data.snapshot import latest_snapshot
from tradewind.engine.purchases import KIND, NAME
from tradewind.errors import GateError
from tradewind.flows.publishing import publish_files
from tradewind.registry.artefacts import Artefact
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import promote
from tradewind.settings import Shop
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.training.result import TrainResult


@dataclass(frozen=True, slots=True)
class LearnedPurchases:
    """The artefact that answers now, and the run's tables beside the baselines."""

    artefact: Artefact
    result: TrainResult

    def text(self) -> str:
        """Returns the run to be read by a person."""
        return f"{self.result.as_text()}\npublished as {self.artefact.reference}\nreport: {self.result.report}"


def learn_purchases(shop: Shop, progress: Progress) -> LearnedPurchases:
    """Learns from the newest snapshot, holds the probabilities against the last weeks, publishes and promotes.

    Raises NotFoundError without a snapshot, DataError for a log that is too short, and GateError when the probabilities
    are further off than `learn.purchase.calibration_error`: the old version then stays.
    """
    from tradewind.training.purchase.estimator import OURS
    from tradewind.training.purchase.shop import train

    snapshot = latest_snapshot(shop)
    result = train(shop, snapshot, shop.scratch / KIND, progress)
    error, wants = result.metrics[OURS]["ECE"], shop.settings.learn.purchase.calibration_error
    if error > wants:
        raise GateError(
            f"its probabilities are off by {error:.4f}; {wants:g} is asked",
            where=str(result.report),
            hint="a longer log, more effort, or another learn.purchase.calibration_error",
        )
    config = {"purchase": shop.settings.learn.purchase.model_dump(), "seed": shop.settings.learn.seed}
    facts = ManifestFacts(snapshot=snapshot.hash, config=config, metrics=result.metrics, notice=shop.settings.notice)
    artefact = publish_files(shop, KIND, NAME, result.folder, facts)
    promote(shop.artefacts, KIND, NAME, artefact.version)
    return LearnedPurchases(artefact, result)
