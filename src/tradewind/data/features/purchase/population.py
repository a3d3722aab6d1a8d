"""What everybody buys, counted when a model is made and carried with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tradewind.data.features.purchase.past import LATELY_DAYS, Floats, Lines


@dataclass(frozen=True, slots=True)
class Population:
    """Per key (keys,): `reach`, the share of the people active lately who bought it lately; `again`, how likely a
    buyer bought it in a second basket, a little towards one in ten where buyers are few."""

    reach: Floats
    again: Floats


def population_of(lines: Lines, day: float, keys: int) -> Population:
    """Returns the population's habits as they were before `day`, of `keys` keys."""
    seen = lines.before(day)
    codes = seen.people * keys + seen.keys
    pairs, pair = np.unique(codes, return_inverse=True)
    width = int(seen.baskets.max(initial=0)) + 1
    baskets = np.bincount(np.unique(pair.reshape(-1) * width + seen.baskets) // width, minlength=len(pairs))
    buyers = np.bincount(pairs % keys, minlength=keys)
    again = np.bincount(pairs % keys, weights=baskets > 1, minlength=keys)
    lately = seen.days >= day - LATELY_DAYS
    recent = np.unique(codes[lately]) % keys
    active = max(len(np.unique(seen.people[lately])), 1)
    return Population(np.bincount(recent, minlength=keys) / active, (again + 0.5) / (buyers + 5.0))
