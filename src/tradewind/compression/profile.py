"""Times an exported encoder on this machine: one text at a time, as a query comes, and many at once."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tradewind.runtime.opening import open_encoder

SINGLE_RUNS: Final = 60
BATCHED_TEXTS: Final = 128


def profile(folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Returns milliseconds for one text (median, 99th percentile) and per text of many, on one core, and the machine.

    `..._cpu_...` is the processor's time, which other work on the machine disturbs less than the clock's.
    """
    encoder = open_encoder(folder, threads=1)
    queries = [text[:40] for text in texts] or ["tea"]
    return _timed(lambda some: encoder.encode(some, "query"), queries, texts or queries)


def profile_of(run: Callable[[Any], object], inputs: Sequence[Any]) -> dict[str, Any]:
    """Returns the same of whatever `run` reads; `inputs` are one or more like those that it will be asked about."""
    return _timed(run, inputs, inputs)


def _timed(run: Callable[[Any], object], singles: Sequence[Any], texts: Sequence[Any]) -> dict[str, Any]:
    run(singles[:2])
    runs = [_milliseconds(run, [singles[number % len(singles)]]) for number in range(SINGLE_RUNS)]
    single, single_cpu = np.array(runs).T
    many = [texts[row % len(texts)] for row in range(BATCHED_TEXTS)]
    batched, batched_cpu = _milliseconds(run, many)
    return {
        "single_ms_median": round(float(np.median(single)), 3),
        "single_ms_p99": round(float(np.percentile(single, 99)), 3),
        "single_cpu_ms_median": round(float(np.median(single_cpu)), 3),
        "batched_ms_per_text": round(batched / len(many), 3),
        "batched_cpu_ms_per_text": round(batched_cpu / len(many), 3),
        "threads": 1,
        "machine": platform.processor() or platform.machine(),
    }


def _milliseconds(run: Callable[[Any], object], texts: Sequence[Any]) -> tuple[float, float]:
    started, started_cpu = time.perf_counter(), time.process_time()
    run(texts)
    return (time.perf_counter() - started) * 1000.0, (time.process_time() - started_cpu) * 1000.0
