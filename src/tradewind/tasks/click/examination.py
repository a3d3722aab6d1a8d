"""How likely a position is looked at: the propensity that undoes position bias (the position-based click model).

P(click | item, position k) = examination_k · P(click | item, looked at). Only the ratio of examinations can be known
from clicks, so position 0 is 1 and the others are relative to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.tasks.click.impressions import Impressions

Floats = npt.NDArray[np.float64]
_STEPS: Final = 500
_SETTLED: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Examination:
    """How likely each position is looked at, relative to position 0; `probabilities` (positions,) lie in (0, 1].

    `clicks` (positions,) says how many clicks each figure stands on.
    """

    probabilities: Floats
    clicks: npt.NDArray[np.int64]

    def of(self, positions: npt.NDArray[np.int64], floor: float = 0.01) -> Floats:
        """Returns the propensity of each of `positions`, never below `floor`.

        A position beyond those that were estimated is looked at as seldom as the last of them.
        """
        known = np.minimum(positions, len(self.probabilities) - 1)
        return np.maximum(self.probabilities[known], floor)


def from_randomised(shown: Impressions) -> Examination:
    """Returns the examination from replies in random order: there, a position's click rate is its examination alone.

    Wang et al., "Learning to Rank with Selection Bias in Personal Search", SIGIR 2016. Raises DataError when position
    0 was never clicked.
    """
    counts = np.bincount(shown.positions)
    clicks = np.bincount(shown.positions, weights=shown.clicks, minlength=len(counts)).astype(np.int64)
    if not len(counts) or not clicks[0]:
        raise DataError("position 0 was never clicked: no examination can be learned", hint="collect a longer log")
    rates = (clicks + 0.5) / (counts + 1.0)
    return Examination(np.minimum(rates / rates[0], 1.0), clicks)


def from_interventions(shown: Impressions, contexts: npt.NDArray[np.int64] | None = None) -> Examination:
    """Returns the examination from items that several rankings showed at different positions.

    The same item under the same `contexts` (n,) number (a query; None when it does not matter) is as attractive at
    one position as at another, so its clicks differ by examination alone. Both are found together by maximum
    likelihood of Poisson counts, over the items that stood at two positions or more (the harvesting of Agarwal et
    al., "Estimating Position Bias without Intrusive Interventions", WSDM 2019). It presumes that which ranking answered
    did not depend on how the visitor would click. Raises DataError when no item stood at two positions, when position
    0 was never clicked among them, or when positions are in groups without an item in common.
    """
    context = np.zeros(len(shown), dtype=np.int64) if contexts is None else contexts
    _, pair = np.unique(np.stack([context, shown.items]), axis=1, return_inverse=True)
    pair = pair.reshape(-1)
    size = int(shown.positions.max(initial=0)) + 1
    shape = (int(pair.max(initial=-1)) + 1, size)
    shows = np.bincount(pair * size + shown.positions, minlength=shape[0] * size).reshape(shape).astype(np.float64)
    clicks = np.bincount(
        pair * size + shown.positions, weights=shown.clicks, minlength=shape[0] * size
    ).reshape(shape)  # fmt: skip
    moved = (shows > 0).sum(axis=1) > 1
    shows, clicks = shows[moved], clicks[moved]
    if not len(shows):
        raise DataError(
            "no item stood at two positions: examination and attraction cannot be told apart",
            hint="swap a few results at random, or answer some requests with another ranking",
        )
    _connected(shows > 0)
    totals = clicks.sum(axis=0)
    if not totals[0]:
        raise DataError("position 0 was never clicked among the items that moved", hint="collect a longer log")
    found = _maximised(shows, clicks)
    return Examination(np.clip(found / found[0], 1e-3, 1.0), totals.astype(np.int64))


def _connected(stood: npt.NDArray[np.bool_]) -> None:
    """Raises DataError when some positions share no item, directly or through others, with position 0."""
    reached = np.zeros(stood.shape[1], dtype=np.bool_)
    reached[0] = True
    for _ in range(stood.shape[1]):
        reached |= stood[(stood & reached).any(axis=1)].any(axis=0)
    apart = np.flatnonzero(~reached & stood.any(axis=0))
    if len(apart):
        raise DataError(
            f"positions {', '.join(map(str, apart[:8]))} share no item with the top: their examination stays unknown",
            hint="swap results between these positions and higher ones, in a small share of the requests",
        )


def _maximised(shows: Floats, clicks: Floats) -> Floats:
    """Returns examinations (positions,) that make the clicks likeliest, up to a common factor.

    Given an item's clicks, over which positions they fell depends on examination alone: Poisson counts with an effect
    an item have no incidental parameters, so few clicks an item do not bias the result, as they would bias a logistic
    fit (Hausman, Hall and Griliches 1984).
    """
    looked = np.maximum(clicks.sum(axis=0), 0.5) / np.maximum(shows.sum(axis=0), 1.0)
    for _ in range(_STEPS):
        wanted = clicks.sum(axis=1) / (shows @ looked)
        now = np.maximum(clicks.sum(axis=0), 0.5) / np.maximum(wanted @ shows, 1e-12)
        now /= now[0]
        settled = np.abs(now - looked).max() < _SETTLED
        looked = now
        if settled:
            break
    return np.asarray(looked)
