"""The block of shop.yaml about who will buy what."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypeVar

from pydantic import Field

from tradewind.settings.base import Settings

PURCHASE: Final = "purchase"
"""The name under which the model of buying is learned and asked."""


class PurchaseSettings(Settings):
    """Probabilities of buying, learned by `tradewind train purchase`."""

    calibration_error: float = Field(0.03, gt=0, le=1)
    """A model whose probabilities are off by more than this on the last weeks (ECE, 15 bins) is not published."""


T = TypeVar("T", bound=Collection[str])


def not_named_purchase(names: T) -> T:
    """Returns `names`; raises ValueError when one of them is the model of buying's own."""
    if PURCHASE in names:
        raise ValueError(f"{PURCHASE!r} is the model of buying's own name: choose another")
    return names
