"""A bounded store of values by key: replies already given, vectors already made, profiles already read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

ENTRY_OVERHEAD: Final = 512
"""Bytes that an entry costs beside its value (key, links, object headers): an estimate that errs upward."""

V = TypeVar("V")


class BoundedCache(Generic[V]):
    """The least recently used values go first when the whole would pass `limit` bytes; a limit of 0 keeps nothing.

    Safe under many threads. Values must be immutable.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._entries: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> V | None:
        """Returns the value of `key`, now the most recently used, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: Hashable, value: V, size: int) -> None:
        """Keeps `value`, of `size` bytes, under `key`, unless it is larger than the whole cache may be."""
        cost = size + ENTRY_OVERHEAD
        if cost > self.limit:
            return
        with self._lock:
            self._forget(key)
            self._entries[key] = (value, cost)
            self._held += cost
            while self._held > self.limit:
                self._forget(next(iter(self._entries)))

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._entries.clear()
            self._held = 0

    @property
    def held(self) -> int:
        """Returns the bytes that are held, overhead included."""
        return self._held

    def __len__(self) -> int:
        return len(self._entries)

    def _forget(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._held -= entry[1]
