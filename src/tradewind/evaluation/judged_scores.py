"""Judges answers that are no labels: entities of a text, an order of candidates. Every row has a score of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tradewind.evaluation.calibration import reliability
from tradewind.evaluation.classification import expected_calibration_error
from tradewind.evaluation.judged import Judged
from tradewind.evaluation.robustness import Change, Score, robustness
from tradewind.evaluation.slices import Floats, Slice, language_of, length_of, slice_of, sliced

FEWEST_STATEMENTS = 10
"""Statements with a probability under which nothing is said of calibration."""


@dataclass(frozen=True, slots=True)
class ScoredRows:
    """The test's texts, their scores (n,) by `metric`, and the whole test's `figures`.

    `parts` name every row by what it is looked at; `more` are slices over other rows. `sure` (m,) are the
    probabilities of all that was said, `right` (m,) whether it was true; both are empty where nothing has one.
    """

    texts: Sequence[str]
    scores: Floats
    metric: str
    figures: Mapping[str, float]
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    more: tuple[Slice, ...] = ()
    sure: Floats = field(default_factory=lambda: np.zeros(0))
    right: Floats = field(default_factory=lambda: np.zeros(0))


def judge_scores(
    tested: ScoredRows, rescore: Score, changes: Mapping[str, Change], *, seed: int, most: int, left_out: int = 0
) -> Judged:
    """Returns what the scores come to on the whole, by language, length and the rows' own parts, and after changes of
    at most `most` texts, which `rescore` scores again. Raises DataError without a row."""
    languages = [language_of(text) for text in tested.texts]
    parts = {"language": languages, **tested.parts, "length": length_of(tested.texts)}
    stated = len(tested.sure) >= FEWEST_STATEMENTS
    return Judged(
        rows=len(tested.texts),
        left_out=left_out,
        figures=tested.figures,
        whole=slice_of(tested.scores, "all", "rows", seed=seed),
        slices=(*sliced(tested.scores, parts, seed=seed), *tested.more),
        robustness=robustness(tested.texts, tested.scores, rescore, changes, seed=seed, most=most),
        calibration_error=expected_calibration_error(tested.sure, tested.right > 0) if stated else None,
        confidence=float(tested.sure.mean()) if stated else 0.0,
        reliability=reliability(tested.sure, tested.right > 0) if stated else (),
        languages=tuple(sorted(set(languages))),
        metric=tested.metric,
    )
