"""A smaller encoder that answers queries in the index of a larger one.

A catalogue is read once and a query while somebody waits, so only queries are worth a smaller model. The student keeps
some blocks of the tuned encoder and learns the vectors that the published one gives queries: the index stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from tradewind.compression.encoder import CompressedEncoder, Encode, Metric, compress_encoder, noise_of, weight_bytes
from tradewind.compression.gate import Compared, ParityLimits, ParityReport, measure, require
from tradewind.compression.merge import plain_checkpoint
from tradewind.compression.pruning.choosing import chosen_blocks
from tradewind.compression.pruning.layers import prune_layers
from tradewind.runtime.bundle import Role
from tradewind.runtime.opening import open_encoder
from tradewind.telemetry import Progress
from tradewind.training.distil.run import distil
from tradewind.training.distil.settings import DistilSettings, distil_plan
from tradewind.training.distil.teacher import Taught, TeacherFolder

BATCH: Final = 48
RATE: Final = 3e-4
COMPARED: Final = 4000
"""Passages among which the first ten are looked for."""


@dataclass(frozen=True, slots=True)
class QueryLessons:
    """What a query encoder learns from, and is judged by.

    `texts` of the catalogue and `queries` are both read as queries; `passages` are the published encoder's vectors of
    the catalogue, in whose order both answer. `held_out`, 20 or more, are asked to judge it and never learned,
    `calibration` scales its integers. `metric` asks what the shop's own queries find.
    """

    texts: Sequence[str]
    queries: Sequence[str]
    passages: Taught
    held_out: Sequence[str]
    calibration: Sequence[str]
    metric: Metric | None = None


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """How it learns: with so many `blocks`, in `steps` steps; what it finds has to be worth `quality` of the whole."""

    blocks: int
    steps: int
    quality: float
    prefixes: Mapping[str, str]
    max_tokens: int
    seed: int = 13
    threads: int = 1


def query_encoder(
    tuned: Path, published: Path, out: Path, lessons: QueryLessons, plan: QueryPlan, progress: Progress
) -> CompressedEncoder:
    """Returns the int8 bundle in `out` of a student of the bundle `published`, cut out of the checkpoint `tuned`.

    Its report is the gate's, with the student beside the published encoder: both ask the same passages. What an
    interrupted run has learned is taken up again. Raises ParityError when what it finds is worth less than asked,
    DataError for too few texts, ConfigError for more blocks than there are.
    """
    work = out.with_name(f"{out.name}.work")
    student = _learned(tuned, published, work, lessons, plan, progress)
    small = compress_encoder(
        student,
        out,
        prefixes=plan.prefixes,
        max_tokens=plan.max_tokens,
        held_out=lessons.held_out,
        calibration=lessons.calibration,
        progress=progress,
    )
    report = _report(published, out, lessons)
    require(report, ParityLimits.keeping(plan.quality))
    return CompressedEncoder(out, report.as_dict(), small.profile, small.precision, small.refused)


def _learned(
    tuned: Path, published: Path, work: Path, lessons: QueryLessons, plan: QueryPlan, progress: Progress
) -> Path:
    kept_apart = set(lessons.held_out)
    whole = plain_checkpoint(tuned, work / "whole")
    queries = [text for text in lessons.queries if text not in kept_apart]
    asked = queries or list(lessons.texts)
    blocks = chosen_blocks(whole, plan.blocks, asked, prefixes=plan.prefixes, role="query", max_tokens=plan.max_tokens)
    progress.note(f"      blocks {', '.join(str(block) for block in blocks)} are kept")
    return distil(
        TeacherFolder(published, plan.prefixes),
        prune_layers(whole, blocks, work / f"blocks-{'-'.join(map(str, blocks))}"),
        [text for text in lessons.texts if text not in kept_apart],
        distil_plan(plan.steps, batch_size=BATCH, learning_rate=RATE, seed=plan.seed, threads=plan.threads),
        work / "run",
        progress=progress,
        queries=queries,
        passages=lessons.passages,
        settings=DistilSettings(roles=("query",), max_tokens=plan.max_tokens),
    ).folder


def _report(published: Path, small: Path, lessons: QueryLessons) -> ParityReport:
    """Returns the figures of both as encoders of queries, beside the same passages; cosines are those of queries."""
    encoders = [_among(open_encoder(bundle).encode, lessons.passages) for bundle in (published, small)]
    before, after = (lessons.metric(encode) if lessons.metric else None for encode in encoders)
    original, ours = (encode(lessons.held_out, "query") for encode in encoders)
    passages = lessons.passages.of(lessons.passages.texts[:: max(1, -(-len(lessons.passages.texts) // COMPARED))])
    compared = Compared(
        original_queries=original,
        original_passages=passages,
        small_queries=ours,
        small_passages=passages,
        original_bytes=weight_bytes(published),
        small_bytes=weight_bytes(small),
        original_metric=None if before is None else float(np.nanmean(before)),
        small_metric=None if after is None else float(np.nanmean(after)),
        metric_noise=noise_of(before, after),
    )
    cosines = np.einsum("nd,nd->n", original, ours)
    return replace(
        measure(compared),
        texts=len(lessons.held_out),
        cosine_mean=float(cosines.mean()),
        cosine_worst=float(cosines.min()),
    )


def _among(encode: Encode, passages: Taught) -> Encode:
    def asked(texts: Sequence[str], role: Role) -> np.ndarray:
        return passages.of(texts) if role == "passage" else encode(texts, role)

    return asked
