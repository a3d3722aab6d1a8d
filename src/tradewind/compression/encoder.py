"""Compresses a trained encoder: adapters merged, exported in int8, held against its fp32 original, timed.

Of the two forms of int8 the static one is faster and a little further from the original, so it is tried first where
texts to calibrate by are given, and the dynamic one takes its place where the gate refuses it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from transformers.utils import logging as transformers_logging

from tradewind.compression.export import FEWEST_CALIBRATION, export_encoder
from tradewind.compression.gate import Compared, ParityLimits, check
from tradewind.compression.merge import plain_checkpoint
from tradewind.compression.profile import profile
from tradewind.errors import ModelError, ParityError
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.models.checkpoint import WEIGHTS_FILE
from tradewind.runtime.bundle import MODEL_FILE, EncoderFacts, Precision, Role
from tradewind.runtime.opening import open_encoder
from tradewind.telemetry import Progress, SilentProgress

Encode = Callable[[Sequence[str], Role], np.ndarray]
"""Texts and their role in, float32 unit vectors (texts, dimension) out."""
Metric = Callable[[Encode], "float | np.ndarray"]
"""One figure, or a value for each question, NaN where it is not known."""
"""A figure of an encoder's quality, higher is better; asked of the original and of the compressed one."""
FEWEST_TEXTS: Final = 20
Wanted = Literal["auto", "int8-static", "int8"]
"""`auto`: static where there are texts to calibrate by and the gate lets it pass, dynamic otherwise."""


@dataclass(frozen=True, slots=True)
class CompressedEncoder:
    """A bundle that passed the gate, the gate's figures and the latency profile.

    `refused` is what the gate said of the static form where the dynamic one had to take its place.
    """

    folder: Path
    report: dict[str, Any]
    profile: dict[str, Any]
    precision: Precision
    refused: str | None = None


def compress_encoder(
    checkpoint: Path,
    out: Path,
    *,
    prefixes: Mapping[str, str],
    max_tokens: int,
    held_out: Sequence[str],
    calibration: Sequence[str] = (),
    precision: Wanted = "auto",
    metric: Metric | None = None,
    limits: ParityLimits | None = None,
    progress: Progress | None = None,
) -> CompressedEncoder:
    """Returns the int8 bundle, made in `out`, of the encoder in `checkpoint`: a Hugging Face folder, or adapters.

    `held_out` are texts that no training saw, 20 or more; the static form is calibrated by texts of `calibration`, 20
    or more, none of which may be held out.
    Raises ParityError when the bundle is too far from its original, and then leaves nothing in `out`; ModelError when
    the checkpoint cannot be exported.
    """
    progress = progress or SilentProgress()
    progress.start("compress", 2)
    merged = out.with_name(f"{out.name}.merged")
    try:
        whole = plain_checkpoint(checkpoint, merged)
        ways, refused = _ways(precision, calibration, held_out), None
        for way in ways:
            export_encoder(whole, out, prefixes, max_tokens, way, calibration)
            try:
                report = check(compare(whole, out, held_out, metric), limits)
                break
            except ParityError as error:
                if way == ways[-1]:
                    raise
                refused = str(error)
                progress.note(f"      {way} is refused, {ways[-1]} is tried: {error}")
        progress.advance()
        timed = profile(out, held_out)
        progress.advance()
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(merged, ignore_errors=True)
    return CompressedEncoder(out, report.as_dict(), timed, way, refused)


def _ways(wanted: Wanted, calibration: Sequence[str], held_out: Sequence[str]) -> list[Precision]:
    """Returns the forms to try, in order. Raises ModelError when a text is both calibrated by and held out."""
    both = set(calibration) & set(held_out)
    if both:
        raise ModelError(f"{len(both)} texts are to calibrate by and held out, such as {min(both)!r}")
    if wanted != "auto":
        return [wanted]
    return ["int8-static", "int8"] if len(calibration) >= FEWEST_CALIBRATION else ["int8"]


def compare(checkpoint: Path, bundle: Path, texts: Sequence[str], metric: Metric | None = None) -> Compared:
    """Returns what the gate looks at: `texts` and `metric` by the fp32 `checkpoint` and by the exported `bundle`.

    Raises ModelError for fewer than 20 texts, which would prove nothing.
    """
    if len(texts) < FEWEST_TEXTS:
        raise ModelError(f"{len(texts)} held-out texts are too few to compare encoders", hint=f"give {FEWEST_TEXTS}")
    facts = EncoderFacts.read(bundle)
    original: Encode = original_encoder(checkpoint, facts.prefixes, facts.max_tokens).encode
    small: Encode = open_encoder(bundle).encode
    before, after = (metric(original), metric(small)) if metric else (None, None)
    return Compared(
        original_queries=original(texts, "query"),
        original_passages=original(texts, "passage"),
        small_queries=small(texts, "query"),
        small_passages=small(texts, "passage"),
        original_bytes=(checkpoint / WEIGHTS_FILE).stat().st_size,
        small_bytes=weight_bytes(bundle),
        original_metric=None if before is None else float(np.nanmean(before)),
        small_metric=None if after is None else float(np.nanmean(after)),
        metric_noise=noise_of(before, after),
    )


def weight_bytes(bundle: Path) -> int:
    """Returns the bytes of a bundle's graph and weights."""
    return sum(path.stat().st_size for path in bundle.glob(f"{MODEL_FILE}*"))


def noise_of(before: float | np.ndarray | None, after: float | np.ndarray | None) -> float:
    """Returns half the width of the 95 % interval of the mean difference; 0 where only one figure is known."""
    if not isinstance(before, np.ndarray) or not isinstance(after, np.ndarray):
        return 0.0
    known = ~(np.isnan(before) | np.isnan(after))
    interval = paired_bootstrap(after[known], before[known])
    return (interval.high - interval.low) / 2


def original_encoder(checkpoint: Path, prefixes: Mapping[str, str], max_tokens: int) -> BiEncoder:
    """Returns the fp32 encoder in `checkpoint`, run by torch. Raises ModelError.

    The library's bars and its report of the unused pooler would say nothing to the reader of a step.
    """
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    return load_bi_encoder(checkpoint, prefixes=prefixes, max_tokens=max_tokens)
