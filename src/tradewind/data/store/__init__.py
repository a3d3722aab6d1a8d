"""The store: items, events, people and their consent, on SQLite or PostgreSQL."""

from tradewind.data.store.catalogue import ItemChange
from tradewind.data.store.erasure import Erased
from tradewind.data.store.online import EventOutcome
from tradewind.data.store.store import Store, open_store

__all__ = ["Erased", "EventOutcome", "ItemChange", "Store", "open_store"]
