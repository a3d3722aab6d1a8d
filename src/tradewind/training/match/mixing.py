"""How much of what was tuned is kept: as much as costs no judged search anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tradewind.tasks.query_check import QueryCheck, by_language, precisions
from tradewind.tasks.scoring import Encode, by_vectors
from tradewind.telemetry import Progress
from tradewind.training.interpolation import Mixture
from tradewind.training.match.before import Before
from tradewind.training.match.bench import Bench

_SHARES: Final = (1.0, 0.75, 0.5, 0.25)
_SLACK: Final = 0.002
"""A precision lower by less than this on the tuning queries is no loss: one place of one query is more."""


def mix(bench: Bench, mixture: Mixture, before: Before, progress: Progress) -> float:
    """Leaves the encoder with the largest share of the tuned weights at which no judged search is worse; returns it."""
    tune = bench.examples.tune
    progress.start("weighing old against new", len(_SHARES))
    if tune is None:
        mixture.apply(bench.encoder, 1.0)
        return 1.0
    floor = _searches(tune, before.encode)
    for share in _SHARES:
        mixture.apply(bench.encoder, share)
        progress.advance()
        now = _searches(tune, bench.encode())
        if all(now[kind] >= precision - _SLACK for kind, precision in floor.items()):
            return share
    mixture.apply(bench.encoder, 0.0)
    return 0.0


def _searches(check: QueryCheck, encode: Encode) -> Mapping[str, float]:
    return by_language(check, precisions(check, by_vectors(encode, "query")))
