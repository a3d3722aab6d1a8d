"""Figures of `next_item`: every method on the same questions, all items ranked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.data.features.basket_counts import History, ItemStatistics, decayed_counts, household_features
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import Interval, paired_bootstrap
from tradewind.runtime.blend import Blend, best
from tradewind.tasks.next_item import Questions, Trips
from tradewind.training.next_item.answers import ndcg_at_ten

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]

HALF_LIVES: Final = (5.0, 10.0, 20.0, 40.0, 80.0)
"""In baskets; the decayed counts' own is chosen on validation."""
METRIC: Final = "nDCG@10"
SEQUENCE: Final = "sequence alone"
UNTRAINED: Final = "sequence, untrained"
BLEND: Final = "blend"
DECAYED: Final = "decayed counts"
COUNTS: Final = "counts"
POPULARITY: Final = "popularity"


@dataclass(frozen=True, slots=True)
class Protocol:
    """One set of questions, and how items sell as far as it may be known there."""

    name: str
    trips: Trips
    asked: Questions
    statistics: ItemStatistics

    def each(self) -> Iterator[tuple[History, Rows]]:
        """Yields every question's history and the items of the basket asked for."""
        for household, basket in zip(self.asked.households.tolist(), self.asked.baskets.tolist(), strict=True):
            yield self.trips.history(household, basket), self.trips.truth(basket)


Quality = npt.NDArray[np.float64]
"""One nDCG@10 per question."""


def baselines(protocol: Protocol, half_life: float, seed: int) -> dict[str, Quality]:
    """Returns the quality of chance, popularity, and the household's counts, plain and decayed."""
    share = protocol.statistics.log_share
    popular = best(share, 10)
    random = np.random.default_rng(seed)
    rows = []
    for history, truth in protocol.each():
        ranked = (
            random.integers(0, len(share), 10),
            popular,
            by_counts(history, share, popular, None),
            by_counts(history, share, popular, half_life),
        )
        rows.append([ndcg_at_ten(ranking, truth) for ranking in ranked])
    return _named(("random", POPULARITY, COUNTS, DECAYED), rows)


def by_counts(history: History, share: Floats, popular: Rows, half_life: float | None) -> Rows:
    """Returns the ten items bought most, equal counts by popularity; popular ones where fewer were ever bought."""
    items, counts = decayed_counts(history, half_life)
    own = items[np.lexsort((items, -share[items], -counts))][:10]
    return np.concatenate([own, popular[np.isin(popular, own, invert=True)]])[:10]


def best_half_life(protocol: Protocol) -> float:
    """Returns the half-life of HALF_LIVES whose decayed counts answer the protocol's questions best."""
    share = protocol.statistics.log_share
    popular = best(share, 10)
    reached = np.zeros(len(HALF_LIVES))
    for history, truth in protocol.each():
        reached += [ndcg_at_ten(by_counts(history, share, popular, half), truth) for half in HALF_LIVES]
    return HALF_LIVES[int(reached.argmax())]


def sequence_alone(protocol: Protocol, scores: Iterator[Floats]) -> Quality:
    """Returns the quality of the sequence model's own order."""
    return np.array([ndcg_at_ten(best(s, 10), truth) for (_, truth), s in zip(protocol.each(), scores, strict=True)])


def sequence_and_blend(protocol: Protocol, scores: Iterator[Floats], blend: Blend) -> dict[str, Quality]:
    """Returns the quality of the sequence model's own order and of the blend's."""
    rows = []
    for (history, truth), score in zip(protocol.each(), scores, strict=True):
        items, features = household_features(history, protocol.statistics)
        blended = blend.score(score, items, features, protocol.statistics)
        rows.append([ndcg_at_ten(best(scores_, 10), truth) for scores_ in (score, blended)])
    return _named((SEQUENCE, BLEND), rows)


def table_of(protocol: Protocol, found: Mapping[str, Quality], half_life: float) -> Table:
    """Returns the protocol's table, with the interval of the blend's gain over decayed counts below it."""
    gain = gain_of(found)
    items = len(protocol.statistics.log_share)
    return Table(
        title=f"next_item, {protocol.name}: {len(protocol.asked)} households, all {items} items",
        columns=(METRIC,),
        rows={name: {METRIC: float(values.mean())} for name, values in found.items()},
        ours=BLEND,
        notes=(
            f"blend over decayed counts: {gain.mean:+.4f}, 95 % interval [{gain.low:+.4f}, {gain.high:+.4f}] "
            f"(paired bootstrap over households); counts halve every {half_life:g} baskets, chosen on validation",
        ),
    )


def gain_of(found: Mapping[str, Quality]) -> Interval:
    """Returns the blend's gain over decayed counts with its paired bootstrap interval."""
    return paired_bootstrap(found[BLEND], found[DECAYED])


def claims_of(protocol: Protocol, found: Mapping[str, Quality]) -> tuple[Claim, ...]:
    """Returns one claim per baseline that the blend is wanted above."""
    ours = float(found[BLEND].mean())
    return tuple(
        Claim(f"next-basket above {peer}, {protocol.name}", ours, float(found[peer].mean()), METRIC, 1.0)
        for peer in (POPULARITY, COUNTS, DECAYED)
    )


def _named(names: Sequence[str], rows: Sequence[Sequence[float]]) -> dict[str, Quality]:
    return dict(zip(names, np.array(rows, dtype=np.float64).reshape(-1, len(names)).T, strict=True))
