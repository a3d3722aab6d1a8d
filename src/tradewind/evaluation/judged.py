"""A published model's answers to the rows that were kept for the test, judged on the whole, by slice, when texts
change, and by whether its probabilities can be taken at their word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.calibration import reliability
from tradewind.evaluation.classification import expected_calibration_error, macro_f1
from tradewind.evaluation.robustness import Robustness, Rows, robustness
from tradewind.evaluation.slices import Slice, label_parts, language_of, parts_of, slice_of, sliced

METRIC: Final = "accuracy"
Answered = tuple[str, float]
"""The label that a model names first, and its probability."""
Answer = Callable[[Sequence[Any]], list[Answered]]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The test's inputs and labels, how often each label was learned, and the rows `left_out` as no answer fits them.

    `parts` are what inputs that are no texts are looked at by, beside their labels.
    """

    inputs: Sequence[Any]
    labels: Sequence[str]
    learned: Mapping[str, int]
    left_out: int = 0
    parts: Mapping[str, Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What came out. Slices and robustness are of `metric`; `reliability` holds (mean probability, share that was
    right, rows) of bins of equal size; `confidence` is the mean probability of what was named. Both say nothing, and
    `calibration_error` is None, where answers have no probability."""

    rows: int
    left_out: int
    figures: Mapping[str, float]
    whole: Slice
    slices: tuple[Slice, ...]
    robustness: tuple[Robustness, ...]
    calibration_error: float | None
    confidence: float
    reliability: Sequence[tuple[float, float, int]]
    languages: Sequence[str] = field(default=())
    metric: str = METRIC

    def as_json(self) -> dict[str, Any]:
        """Returns it as plain values."""
        return asdict(self)


def judge(tested: HeldOut, answer: Answer, changes: Mapping[str, Callable[..., Any]], *, seed: int) -> Judged:
    """Returns what the answers to `tested` come to. Raises DataError when no row is left to test on."""
    named = answer(tested.inputs)
    texts = tested.inputs if tested.parts is None else ()
    right = _right([label for label, _ in named], tested.labels)
    sure = np.array([probability for _, probability in named])
    truth = np.array(tested.labels, dtype=object)

    def score(inputs: Sequence[Any], rows: Rows) -> npt.NDArray[np.float64]:
        return _right([label for label, _ in answer(inputs)], truth[rows].tolist())

    return Judged(
        rows=len(right),
        left_out=tested.left_out,
        whole=slice_of(right, "all", "rows", seed=seed),
        figures={METRIC: float(right.mean()), "macro-F1": macro_f1(tested.labels, [label for label, _ in named])},
        slices=sliced(right, _parts(tested), seed=seed),
        robustness=robustness(tested.inputs, right, score, changes, seed=seed),
        calibration_error=expected_calibration_error(sure, right > 0),
        confidence=float(sure.mean()),
        reliability=reliability(sure, right > 0),
        languages=tuple(sorted({language_of(text) for text in texts})),
    )


def _parts(tested: HeldOut) -> Mapping[str, Sequence[str]]:
    if tested.parts is None:
        return parts_of(tested.inputs, tested.labels, tested.learned)
    return {**label_parts(tested.labels, tested.learned), **tested.parts}


def _right(named: Sequence[str], labels: Sequence[str]) -> npt.NDArray[np.float64]:
    return np.array([float(one == other) for one, other in zip(named, labels, strict=True)])
