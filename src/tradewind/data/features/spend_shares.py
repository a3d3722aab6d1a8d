"""Of what a person spends, how much goes where."""

from __future__ import annotations

import numpy as np

from tradewind.data.features.purchase.past import Floats, Lines


def spend_shares(lines: Lines, people: int, keys: int) -> Floats:
    """Returns (people, keys): the share of each person's money that went to each key, 0 for somebody without lines.

    Lines of people from `people` or keys from `keys` up are left out; refunds count nothing.
    """
    kept = (lines.people < people) & (lines.keys < keys)
    codes = lines.people[kept] * keys + lines.keys[kept]
    money = np.bincount(codes, weights=np.maximum(lines.spend[kept], 0.0), minlength=people * keys)
    table = money.reshape(people, keys).astype(np.float64)
    return np.asarray(table / np.maximum(table.sum(axis=1, keepdims=True), 1e-9))
