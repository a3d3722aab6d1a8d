"""Opens the shop's engine and store for a worker."""

from __future__ import annotations

from collections.abc import Callable

from tradewind.data.store import Store, open_store
from tradewind.engine.composition import open_engine
from tradewind.engine.engine import Engine
from tradewind.settings import Shop

Open = Callable[[Shop], tuple[Engine, Store]]
"""Opens what a worker serves from; the worker closes both."""


def open_backing(shop: Shop) -> tuple[Engine, Store]:
    """Returns the engine of the generation that the shop's pointer names, which follows it from then on, and the store.

    Raises NotFoundError when nothing was ever promoted, ArtefactError when the generation is refused, StoreError.
    """
    return open_engine(shop), open_store(shop)
