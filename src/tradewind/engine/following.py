"""Keeps the engine's view of the catalogue up with the store, and exchanges the generation under it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tradewind.engine.cache import BoundedCache
from tradewind.engine.encoding import encode_cached
from tradewind.engine.live_vectors import unpack
from tradewind.engine.parts import Parts, Serving, Store, Vector
from tradewind.index.delta import Delta


class Following:
    """What is served now, and the two ways it moves: forward with the store's changes, across to another generation.

    Readers take `serving` without a lock: it is one immutable value, replaced whole.
    """

    def __init__(self, parts: Parts, store: Store, vectors: BoundedCache[Vector]) -> None:
        self._store = store
        self._vectors = vectors
        self._moving = threading.Lock()
        self._delta, self._serving = self._built(parts)

    @property
    def serving(self) -> Serving:
        """Returns what a request that arrives now is answered from."""
        return self._serving

    def refresh(self) -> bool:
        """Takes in the changes that are new in the store. Returns whether there were any.

        Costs one small query when there were none. Raises StoreError when the store does not answer; what is served
        stays as it is.
        """
        if self._store.latest_change() <= self._delta.number:
            return False
        with self._moving:
            parts = self._serving.parts
            changes = self._store.item_changes(self._delta.number)
            if not changes:
                return False
            delta = self._delta.apply(self._own(parts, changes))
            self._delta, self._serving = delta, Serving(parts, parts.catalogue.view(delta))
            return True

    def swap(self, parts: Parts) -> None:
        """Serves `parts`, with all the store's changes, from the next request on; those that run keep theirs."""
        with self._moving:
            self._delta, self._serving = self._built(parts)

    def _built(self, parts: Parts) -> tuple[Delta, Serving]:
        delta = Delta(parts.catalogue.change)
        delta = delta.apply(self._own(parts, self._store.item_changes(delta.number)))
        return delta, Serving(parts, parts.catalogue.view(delta))

    def _own(self, parts: Parts, changes: Sequence[Any]) -> list[Any]:
        """Returns the changes with vectors of this generation's encoder, made again where another one made them."""
        return [
            change if change.item is None else replace(change, vector=self._vector(parts, change)) for change in changes
        ]

    def _vector(self, parts: Parts, change: Any) -> bytes:
        vector = unpack(change.vector, parts.encoder_version, parts.encoder.dimension)
        if vector is None:
            vector = encode_cached(parts, self._vectors, change.item.text, "passage")
        return vector.tobytes()
