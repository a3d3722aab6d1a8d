"""What guesses of an attribute come to, beside always saying the commonest band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tradewind.evaluation.claims import Claim
from tradewind.evaluation.classification import expected_calibration_error, macro_f1
from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import Interval, paired_bootstrap
from tradewind.training.profile.attributes import CrossValidated, ToldBands

METRICS: Final = ("accuracy", "macro-F1", "log-loss", "ECE")
OURS: Final = "guessed from purchases"
MAJORITY: Final = "the commonest band"


@dataclass(frozen=True, slots=True)
class Measured:
    """The table, by how much more often a guess is right than the commonest band, and what to say of both."""

    table: Table
    gain: Interval
    claim: Claim
    notes: tuple[str, ...]


def measured(told: ToldBands, found: CrossValidated, least: float, seed: int) -> Measured:
    """Returns METRICS of guesses of people whom the model did not learn from; `least` is the probability from which
    one is made a tag. Log-loss is in nats; ECE is that of the guessed band in 15 bins."""
    shares = np.bincount(told.bands, minlength=len(told.names)) / len(told.bands)
    right = found.predicted == told.bands
    rows = {
        MAJORITY: _row(told, found.majority, np.tile(shares, (len(told.bands), 1))),
        OURS: _row(told, found.predicted, found.probabilities),
    }
    gain = paired_bootstrap(right.astype(float), (found.majority == told.bands).astype(float), seed=seed)
    sure = found.probabilities.max(axis=1) >= least
    stated = found.probabilities.max(axis=1)[sure]
    said = (
        f"at {stated.mean():.2f} on average, and right for {right[sure].mean():.2f} of them" if sure.any() else "never"
    )
    notes = (
        f"{len(told.bands)} people in {len(told.names)} bands, each guessed by a model that had not seen them, in ten "
        f"folds; seed {seed}.",
        f"Accuracy {gain.mean:+.4f} beside the commonest band, 95 % interval {gain.low:+.4f} to {gain.high:+.4f}.",
        f"At a probability of {least:g} or more a guess becomes a tag: for {sure.mean():.0%} of people, {said}.",
    )
    table = Table(f"{told.attribute}: guessed and told", METRICS, rows, OURS)
    ours, peer = rows[OURS]["accuracy"], rows[MAJORITY]["accuracy"]
    claim = Claim(f"profile: {told.attribute} against the commonest band", ours, peer, "accuracy", 1.0)
    return Measured(table, gain, claim, notes)


def _row(told: ToldBands, guessed: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    names = np.array(told.names)
    right = guessed == told.bands
    every = np.arange(len(told.bands))
    values = (
        float(right.mean()),
        macro_f1(names[told.bands].tolist(), names[guessed].tolist()),
        float(-np.log(probabilities[every, told.bands]).mean()),
        expected_calibration_error(probabilities[every, guessed], right),
    )
    return dict(zip(METRICS, values, strict=True))
