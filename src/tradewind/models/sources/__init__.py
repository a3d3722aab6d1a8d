"""Where pretrained weights come from: `hub:ID`, `dir:PATH`, `package:NAME`, one small class each.

A source is registered under `tradewind.pretrained` by its word before the colon, so that another package can add one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tradewind.models.checkpoint import EncoderWeights


@dataclass(frozen=True, slots=True)
class Offer:
    """Weights that a source has at hand. `read()` reads them; `key` changes whenever they would be others."""

    key: str
    label: str
    licence: str | None
    prefixes: Mapping[str, str]
    read: Callable[[], EncoderWeights]


class PretrainedSource(Protocol):
    """Finds weights by the name after the colon."""

    def offer(self, name: str) -> Offer:
        """Returns what the source has under `name`. Raises ModelError or MissingExtraError when it is not there."""
