"""Measures a candidate: makes it, times it, weighs it, and holds it against the original by the gate's figures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tradewind.compression.encoder import Encode
from tradewind.compression.gate import ParityReport, measure
from tradewind.compression.profile import profile
from tradewind.compression.search.candidate import Candidate
from tradewind.compression.search.frontier import Point
from tradewind.compression.search.ground import Answers, Ground, kept_on_disk
from tradewind.compression.search.workshop import Workshop
from tradewind.runtime.bundle import Role
from tradewind.runtime.encoder import cut
from tradewind.runtime.opening import open_encoder


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """Where candidates are measured: the `original`'s answers and its bytes; points lie in the workshop's folder."""

    workshop: Workshop
    ground: Ground
    original: Answers
    original_bytes: int

    def known(self, candidate: Candidate) -> Point | None:
        """Returns the point of a candidate that was measured before."""
        file = self._file(candidate)
        return Point(**json.loads(file.read_bytes())) if file.is_file() else None

    def measured(self, candidates: Sequence[Candidate]) -> list[Point]:
        """Returns the points of candidates that differ only in dimension, the longest first; the encoder is made once.

        Raises TradewindError where it cannot be made.
        """
        out = self.workshop.folder / "bundle"
        try:
            bundle = self.workshop.make(candidates[0], out)
            timed, size = profile(bundle, self.ground.questions), bundle_bytes(bundle)
            encode = kept_on_disk(open_encoder(bundle).encode, out.with_name("bundle.vectors"))
            points = [self._point(candidate, encode, timed, size) for candidate in candidates]
        finally:
            shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(out.with_name("bundle.vectors"), ignore_errors=True)
        for candidate, point in zip(candidates, points, strict=True):
            self._keep(candidate, point)
        return points

    def report(self, candidate: Candidate, encode: Encode, size: int) -> ParityReport:
        """Returns the gate's figures of `encode`, whose vectors are cut to the candidate's dimension."""

        def shorter(texts: Sequence[str], role: Role) -> np.ndarray:
            return cut(encode(texts, role), candidate.dimension)

        answers = self.ground.answers(shorter)
        return measure(self.original.compared(answers, (self.original_bytes, size)))

    def _point(self, candidate: Candidate, encode: Encode, timed: Mapping[str, Any], size: int) -> Point:
        report = self.report(candidate, encode, size)
        return Point(
            key=candidate.key,
            name=candidate.name,
            technique=candidate.technique.name,
            form=candidate.form.name,
            dimension=candidate.dimension,
            quality=quality_of(report),
            score_kept=report.score_kept,
            first_ten=report.first_ten,
            metric_kept=None if report.metric_loss is None else 1.0 - report.metric_loss,
            ms=timed["single_cpu_ms_median"],
            ms_of_many=timed["batched_cpu_ms_per_text"],
            bytes=size,
            item_bytes=candidate.dimension,
        )

    def _keep(self, candidate: Candidate, point: Point) -> None:
        file = self._file(candidate)
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".tmp")
        fresh.write_text(json.dumps(point.as_dict(), ensure_ascii=False), encoding="utf-8")
        fresh.replace(file)

    def _file(self, candidate: Candidate) -> Path:
        told = f"{candidate.key} {self.workshop.lesson(candidate.technique)}".strip()
        return self.workshop.folder / "measured" / f"{told.replace(' ', '-')}.json"


def quality_of(report: ParityReport) -> float:
    """Returns the share of the original's quality that is kept, as the gate counts it: the worse of what the first ten
    are worth and of the shop's metric, whose loss counts beyond what chance explains."""
    kept = [report.score_kept]
    if report.metric_loss is not None:
        kept.append(1.0 - max(0.0, report.metric_loss - report.metric_noise))
    return min(kept)


def bundle_bytes(bundle: Path) -> int:
    """Returns what a bundle takes on disk, its tokeniser included."""
    return sum(file.stat().st_size for file in bundle.iterdir() if file.is_file())
