"""Adds, changes and removes items while the shop is served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tradewind.data.mapping import item_text
from tradewind.data.records import Item
from tradewind.engine.engine import Engine
from tradewind.engine.live_vectors import pack
from tradewind.engine.parts import Parts, Vector


def change_items(engine: Engine, upserts: Sequence[Item], removals: Sequence[str] = ()) -> int:
    """Writes items, with the text that the encoder reads and its vector, and removes others. Returns the delta number.

    They are in this engine's answers when this returns, and in every other worker's within its next look at the store.
    Raises StoreError when the store does not take them; then nothing has changed.
    """
    parts = engine.serving.parts
    ready = [replace(item, text=item_text(item, parts.template)) for item in upserts]
    vectors = _vectors(parts, [item.text for item in ready])
    packed = [(item, pack(vectors[item.text], parts.encoder_version)) for item in ready]
    number = engine.store.change_items(packed, list(removals))
    engine.refresh()
    return number


def _vectors(parts: Parts, texts: Sequence[str]) -> dict[str, Vector]:
    """Returns the passage vector of every distinct text."""
    distinct = list(dict.fromkeys(texts))
    if not distinct:
        return {}
    return dict(zip(distinct, np.asarray(parts.encoder.encode(distinct, "passage"), dtype=np.float32), strict=True))
