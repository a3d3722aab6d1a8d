"""Times an exported encoder on this machine: one text at a time, as a query comes, and many at once."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tradewind.runtime.encoder import TextEncoder
from tradewind.runtime.opening import open_encoder

SINGLE_RUNS: Final = 60
BATCHED_TEXTS: Final = 128


def profile(folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    """Returns milliseconds for one text (median, 99th percentile) and per text of many, on one core, and the machine.

    `..._cpu_...` is the processor's time, which other work on the machine disturbs less than the clock's.
    """
    encoder = open_encoder(folder, threads=1)
    queries = [text[:40] for text in texts] or ["tea"]
    encoder.encode(queries[:2], "query")
    runs = [_milliseconds(encoder, [queries[run % len(queries)]]) for run in range(SINGLE_RUNS)]
    single, single_cpu = np.array(runs).T
    many = [texts[row % len(texts)] for row in range(BATCHED_TEXTS)] if texts else queries
    batched, batched_cpu = _milliseconds(encoder, many)
    return {
        "single_ms_median": round(float(np.median(single)), 3),
        "single_ms_p99": round(float(np.percentile(single, 99)), 3),
        "single_cpu_ms_median": round(float(np.median(single_cpu)), 3),
        "batched_ms_per_text": round(batched / len(many), 3),
        "batched_cpu_ms_per_text": round(batched_cpu / len(many), 3),
        "threads": 1,
        "machine": platform.processor() or platform.machine(),
    }


def _milliseconds(encoder: TextEncoder, texts: Sequence[str]) -> tuple[float, float]:
    started, started_cpu = time.perf_counter(), time.process_time()
    encoder.encode(texts, "query")
    return (time.perf_counter() - started) * 1000.0, (time.process_time() - started_cpu) * 1000.0
