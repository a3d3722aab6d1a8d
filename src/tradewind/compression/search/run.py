"""The search: candidates from mild to harsh, those that cannot be chosen left out, within a budget of minutes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tradewind.compression.encoder import CompressedEncoder, Encode
from tradewind.compression.gate import ParityLimits, require
from tradewind.compression.profile import profile
from tradewind.compression.search.candidate import Candidate, Technique
from tradewind.compression.search.forecast import Forecast
from tradewind.compression.search.frontier import Frontier, Limits, Point
from tradewind.compression.search.ground import Ground, kept_on_disk
from tradewind.compression.search.measuring import Bench, bundle_bytes
from tradewind.compression.search.techniques import techniques
from tradewind.compression.search.vectors import Holding, holdings
from tradewind.compression.search.workshop import Workshop
from tradewind.errors import TradewindError
from tradewind.models.checkpoint import TOKENIZER_FILE, WEIGHTS_FILE
from tradewind.runtime.opening import open_encoder


@dataclass(slots=True)
class _Run:
    """One search as it goes on."""

    bench: Bench
    forecast: Forecast
    until: float
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def points(self) -> dict[Candidate, Point]:
        return self.forecast.points

    def take(self, group: Sequence[Candidate]) -> None:
        """Measures candidates that differ only in dimension, or says why not."""
        progress, name = self.bench.workshop.progress, group[0].name.rpartition(", ")[0]
        known = {one: point for one in group if (point := self.bench.known(one))}
        if len(known) == len(group):
            self.points.update(known)
            return
        reason = self.forecast.against(group[0]) or self._no_time(group[0].technique)
        if reason is None:
            progress.note(f"      {name}")
            try:
                self.points.update(zip(group, self.bench.measured(group), strict=True))
            except TradewindError as error:
                reason = str(error)
        if reason is not None:
            self.left_out[name] = reason

    def _no_time(self, technique: Technique) -> str | None:
        """The whole encoder is always measured: without it nothing is known."""
        return "no minutes were left" if technique.family != "whole" and time.monotonic() > self.until else None


@dataclass(frozen=True, slots=True)
class Searched:
    """The frontier, and what it takes to make a point of it again: `candidates` are found by the keys of points."""

    frontier: Frontier
    bench: Bench
    candidates: Mapping[str, Candidate]

    def make(self, point: Point, out: Path) -> CompressedEncoder:
        """Returns the bundle of a point, made in `out`, after it passed the gate with the limits that were asked.

        Raises ParityError where it does not, and then leaves nothing in `out`.
        """
        candidate = self.candidates[point.key]
        try:
            bundle = self.bench.workshop.make(candidate, out)
            report = self.bench.report(candidate, open_encoder(bundle).encode, bundle_bytes(bundle))
            require(report, ParityLimits.keeping(self.frontier.limits.floor))
            timed = profile(bundle, self.bench.ground.questions)
        except BaseException:
            shutil.rmtree(out, ignore_errors=True)
            raise
        return CompressedEncoder(bundle, report.as_dict(), timed, candidate.form.precision)

    def held(self, point: Point, out: Path) -> list[Holding]:
        """Returns the ways in which an index may hold the vectors of the bundle in `out`, whole and cut."""
        candidate, ground = self.candidates[point.key], self.bench.ground
        lengths = sorted({point.dimension, *candidate.technique.widths(self.bench.workshop.outline)}, reverse=True)
        encode = open_encoder(out).encode
        vectors = (encode(ground.questions, "query"), encode(ground.passages, "passage"))
        return holdings(*vectors, [length for length in lengths if length <= point.dimension][:3])


def search(
    workshop: Workshop, ground: Ground, original: Encode, limits: Limits, tried: Sequence[Technique] | None = None
) -> Searched:
    """Returns what was found; `original` encodes with the fp32 original.

    A candidate measured before, in the same workshop, is not made again. `tried` are the techniques in the order in
    which they are tried; left out, all that are registered, first those that do not learn. Raises ModelError when the
    original cannot be read.
    """
    started, outline = time.monotonic(), workshop.outline
    tried = tried if tried is not None else sorted(techniques(outline), key=lambda one: one.trains)
    groups = [
        [Candidate(technique, form, width) for width in technique.widths(outline)]
        for technique in tried
        for form in technique.forms()
    ]
    workshop.progress.start("compressions", len(groups))
    answers = ground.answers(kept_on_disk(original, workshop.folder / "original"))
    size = sum((workshop.original / name).stat().st_size for name in (WEIGHTS_FILE, TOKENIZER_FILE))
    bench = Bench(workshop, ground, answers, size)
    run = _Run(bench, Forecast(outline, limits, {}), started + 60.0 * workshop.minutes)
    for group in groups:
        run.take(group)
        workshop.progress.advance()
    candidates = {candidate.key: candidate for candidate in run.points}
    return Searched(Frontier(tuple(run.points.values()), run.left_out, limits), bench, candidates)
