"""A passage of a text that something is wrong with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """`text` is what stands from `start` up to `end`, in characters; `kind` says what is wrong with it."""

    kind: str
    text: str
    start: int
    end: int

    def as_json(self) -> dict[str, Any]:
        """Returns the span as a plain dictionary."""
        return asdict(self)
