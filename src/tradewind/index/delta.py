"""What changed in the catalogue since it was indexed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tradewind.data.records import Item


class Change(Protocol):
    """One change of one item; `item` None means that it was removed. `vector` is float32 bytes, little-endian."""

    @property
    def number(self) -> int: ...

    @property
    def item_id(self) -> str: ...

    @property
    def item(self) -> Item | None: ...

    @property
    def vector(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Delta:
    """The last change of every item that changed, up to change `number`. Two deltas with one number are the same."""

    number: int = 0
    changes: Mapping[str, Change] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.changes)

    def apply(self, changes: Iterable[Change]) -> Delta:
        """Returns the delta with `changes` on top; those that this delta already has are passed over."""
        merged, number = dict(self.changes), self.number
        for change in sorted(changes, key=lambda each: each.number):
            if change.number > self.number:
                merged[change.item_id] = change
                number = change.number
        return Delta(number, merged) if number > self.number else self
