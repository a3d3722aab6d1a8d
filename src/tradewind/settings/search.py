"""The block of shop.yaml about a search for settings."""

from __future__ import annotations

from typing import Any

from pydantic import field_validator

from tradewind.settings.base import Settings


class SearchSettings(Settings):
    """Between which ends `tradewind tune` looks; what is left out goes by the estimator's own settings."""

    learning_rate: list[float] | None = None
    """The lowest and the highest rate, tried on a logarithmic scale."""
    weight_decay: list[float] | None = None
    dropout: list[float] | None = None
    batch_size: list[int] | None = None
    """All sizes that are tried."""
    max_steps: list[int] | None = None
    blocks: list[int] | None = None
    method_options: dict[str, list[Any]] = {}
    """All values that are tried, by the option's name, such as `rank: [4, 8, 16]`."""

    @field_validator("learning_rate", "weight_decay", "dropout", "max_steps", "blocks")
    @classmethod
    def _a_range(cls, found: list[float] | None) -> list[float] | None:
        if found is not None and (len(found) != 2 or found[0] > found[1]):
            raise ValueError("a range is its lower and its upper end")
        return found

    @field_validator("learning_rate", "weight_decay")
    @classmethod
    def _above_nothing(cls, found: list[float] | None) -> list[float] | None:
        if found and found[0] <= 0:
            raise ValueError("a logarithmic scale begins above 0")
        return found

    @field_validator("dropout")
    @classmethod
    def _a_share(cls, found: list[float] | None) -> list[float] | None:
        if found and not (found[0] >= 0 and found[1] < 1):
            raise ValueError("dropout lies from 0 to below 1")
        return found

    @field_validator("max_steps", "blocks")
    @classmethod
    def _at_least_one(cls, found: list[int] | None) -> list[int] | None:
        if found and found[0] < 1:
            raise ValueError("there is at least 1")
        return found

    @field_validator("batch_size")
    @classmethod
    def _sizes(cls, found: list[int] | None) -> list[int] | None:
        if found is not None and min(found, default=0) < 2:
            raise ValueError("name the sizes that are tried, each 2 or more")
        return found

    @field_validator("method_options")
    @classmethod
    def _values(cls, found: dict[str, list[Any]]) -> dict[str, list[Any]]:
        if not all(found.values()):
            raise ValueError("name the values that are tried")
        return found
