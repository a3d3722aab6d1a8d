"""Tuning methods beside one another on one task: the metric, what is trained, the memory and the time."""

from __future__ import annotations

import ctypes
import gc
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.evaluation.report import Table
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel
from tradewind.telemetry import SilentProgress
from tradewind.training.encoder_parts import encoder_parts, moving_blocks
from tradewind.training.plan import Plan
from tradewind.training.supervised.run import RunSettings, fine_tune
from tradewind.training.supervised.task import TextTask

Scores = npt.NDArray[np.float64]
Score = Callable[[list[npt.NDArray[np.float32]], Any], Scores]
"""The model's outputs and the examples in, one figure an example out, higher is better."""
COLUMNS: Final = ("metric", "thousands trained", "% of all", "ms a step", "seconds", "MB at peak")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The task and what every method gets alike. `examples` are (to learn from, to validate on, to test on)."""

    task: TextTask
    checkpoint: Checkpoint
    examples: tuple[Any, Any, Any]
    score: Score
    settings: RunSettings = field(default=RunSettings())


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method's run. `validated` is the figure that was watched, by which settings may be chosen; `scores` (n,) are
    those of the test's examples; `trained` and `parameters` count numbers.

    `step_ms` is the processor time of a median learning step, batch included and validation not; `seconds` that of the
    whole run, reading texts and validating included. `peak_mb` is the memory held at most, over that before the run.
    """

    method: str
    validated: float
    scores: Scores
    trained: int
    parameters: int
    step_ms: float
    seconds: float
    peak_mb: float
    steps: int
    merges: bool

    @property
    def row(self) -> dict[str, float]:
        """The row of a table."""
        values = (
            float(self.scores.mean()),
            self.trained / 1e3,
            100.0 * self.trained / self.parameters,
            self.step_ms,
            self.seconds,
            self.peak_mb,
        )
        return dict(zip(COLUMNS, values, strict=True))


def measure_method(comparison: Comparison, plan: Plan) -> MethodResult:
    """Runs the method of `plan` and returns what it came to. Raises ConfigError when the model cannot take it."""
    trained, parameters = _counted(comparison, plan)
    clock, started = _StepClock(), time.process_time()
    learned, validated, tested = comparison.examples
    with tempfile.TemporaryDirectory() as scratch, _peak_memory() as peak:
        tuned = fine_tune(
            comparison.task,
            comparison.checkpoint,
            (learned, validated),
            plan,
            Path(scratch),
            settings=comparison.settings,
            progress=clock,
        )
    seconds = time.process_time() - started
    scores = comparison.score(tuned.outputs(tested), tested)
    return MethodResult(
        method=plan.method,
        validated=next(iter(tuned.tuned.values())),
        scores=np.asarray(scores, np.float64),
        trained=trained,
        parameters=parameters,
        step_ms=1e3 * clock.median,
        seconds=seconds,
        peak_mb=peak[0],
        steps=tuned.curves.best_step,
        merges=plan.tuning.merges,
    )


def method_table(title: str, results: Mapping[str, MethodResult], notes: tuple[str, ...] = ()) -> Table:
    """Returns the methods beside one another, and in a note which of them leave a model that cannot be exported."""
    apart = [name for name, result in results.items() if not result.merges]
    told = (f"{', '.join(apart)}: not merged, so neither exported nor served",) if apart else ()
    return Table(title, COLUMNS, {name: result.row for name, result in results.items()}, notes=(*notes, *told))


def _counted(comparison: Comparison, plan: Plan) -> tuple[int, int]:
    """Returns how many numbers the method trains, and how many the plain model holds."""
    encoder = load_bi_encoder(comparison.checkpoint.folder)
    model = TextModel(encoder, comparison.task.outputs, tokenwise=comparison.task.tokenwise)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    moving = moving_blocks(encoder, plan.tuning, comparison.settings.blocks)
    active = plan.tuning.prepare(model, encoder_parts(encoder, moving, prefix="encoder.", head=("head",)))
    return sum(parameter.numel() for parameter in active.parameters() if parameter.requires_grad), parameters


class _StepClock(SilentProgress):
    """Notes the processor's time at every learning step; others may use the machine without changing it much."""

    def __init__(self) -> None:
        self._learning = False
        self._at: list[float] = []

    def start(self, label: str, total: int | None) -> None:
        self._learning = label == "learning"

    def advance(self, units: int = 1) -> None:
        if self._learning:
            self._at.append(time.process_time())

    @property
    def median(self) -> float:
        """Seconds of a median step: the few that validation falls into do not count."""
        return float(np.median(np.diff(self._at[1:]))) if len(self._at) > 2 else float("nan")


@contextmanager
def _peak_memory() -> Iterator[list[float]]:
    """Yields a list that holds, after the block, the megabytes held at most, over those held before it."""
    gc.collect()
    peak = [float("nan")]
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        yield peak
        peak[0] = torch.cuda.max_memory_allocated() / 1e6
        return
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _status("VmRSS")
    yield peak
    peak[0] = _status("VmHWM") - before


def _status(name: str) -> float:
    """Returns a figure of /proc/self/status in megabytes, NaN where there is none."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return float("nan")
    return next((float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), float("nan"))
