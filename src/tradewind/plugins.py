"""Finds the parts that extend Tradewind: its own and strangers' come in through the same entry-point groups."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any

from tradewind.errors import ConfigError


@cache
def load(group: str, name: str) -> Any:
    """Returns the object registered as `name` under `tradewind.<group>`.

    Raises ConfigError naming the registered alternatives when there is none.
    """
    found = {entry.name: entry for entry in entry_points(group=f"tradewind.{group}")}
    if name not in found:
        known = ", ".join(sorted(found)) or "none is installed"
        raise ConfigError(f"there is no {group.rstrip('s')} called {name!r}", hint=f"known: {known}")
    return found[name].load()


def names(group: str) -> list[str]:
    """Returns the names registered under `tradewind.<group>`, sorted."""
    return sorted(entry.name for entry in entry_points(group=f"tradewind.{group}"))
