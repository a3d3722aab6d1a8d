"""`tradewind train NAME` of an attribute under `learn.predicted`: from what users told to a signed model of guesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradewind.data.report import TableReport, table_lines
from tradewind.data.snapshot import latest_snapshot
from tradewind.data.told import read_told
from tradewind.errors import GateError
from tradewind.flows.publishing import publish_files
from tradewind.registry.artefacts import Artefact
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import promote
from tradewind.settings import Shop
from tradewind.tasks.profile.predicted import KIND
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.training.profile.shop import LearnedBands


@dataclass(frozen=True, slots=True)
class LearnedAttribute:
    """The artefact that guesses now, what became of the table, and the run beside the commonest band."""

    artefact: Artefact
    read: TableReport
    learned: LearnedBands

    def text(self) -> str:
        """Returns the run to be read by a person."""
        result = self.learned.result
        lines = [*table_lines(self.read), result.as_text(), f"published as {self.artefact.reference}"]
        return "\n".join([*lines, f"report: {result.report}"])


def learn_attribute(shop: Shop, name: str, progress: Progress) -> LearnedAttribute:
    """Learns the attribute from the newest snapshot and the table of what users told, publishes and promotes.

    Raises NotFoundError without a snapshot, ConfigError for a label that is never predicted, DataError when too few
    told it, and GateError when guesses are not right more often than the commonest band by more than
    `least_gain`, at the lower end of the 95 % interval: an old version then stays.
    """
    from tradewind.training.profile.shop import train

    settings = shop.settings.learn.predicted[name]
    told = read_told(shop, name, settings)
    snapshot = latest_snapshot(shop)
    learned = train(shop, name, (snapshot, told), shop.scratch / KIND / name, progress)
    gain = learned.measured.gain
    if gain.low <= settings.least_gain:
        raise GateError(
            f"a guess of {settings.named(name)} is right {gain.mean:+.4f} more often than the commonest band, 95 % "
            f"interval {gain.low:+.4f} to {gain.high:+.4f}; more than {settings.least_gain:g} is asked",
            where=str(learned.result.report),
            hint="coarser bands, more people who told it, or leave it out",
        )
    asked = settings.model_dump(exclude={"source"})
    config = {KIND: asked, "seed": shop.settings.learn.seed, "told": told.digest()}
    facts = ManifestFacts(
        snapshot=snapshot.hash, config=config, metrics=learned.result.metrics, notice=shop.settings.notice
    )
    artefact = publish_files(shop, KIND, name, learned.result.folder, facts)
    promote(shop.artefacts, KIND, name, artefact.version)
    return LearnedAttribute(artefact, told.report, learned)
