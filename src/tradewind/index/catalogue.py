"""An indexed catalogue: one immutable folder that every worker maps and nobody writes to."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from tradewind.errors import ArtefactError
from tradewind.index.arrays import load_json
from tradewind.index.base import Base
from tradewind.index.delta import Delta
from tradewind.index.live import LiveMaker
from tradewind.index.view import CatalogueView

FORMAT = 1


class Catalogue:
    """What `build` wrote. Thread-safe; a view of it is what answers."""

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self.folder = folder
        self.facts = facts
        self.base = Base(folder, facts)
        self._row_of = lru_cache(maxsize=100_000)(self.base.documents.row_of)
        self._live = LiveMaker(self.base.text, self.base.analyser, facts["facets"], self.base.vectors.dimension, {})

    @classmethod
    def open(cls, folder: str | Path) -> Catalogue:
        """Returns the catalogue that `build` wrote to `folder`.

        Raises ArtefactError when it is not one, or of another format.
        """
        place = Path(folder)
        facts = load_json(place, "catalogue")
        if not isinstance(facts, dict) or facts.get("format") != FORMAT:
            raise ArtefactError(
                f"this is not an index of format {FORMAT}", where=str(place), hint="build the index again"
            )
        return cls(place, facts)

    @property
    def size(self) -> int:
        """The number of base rows."""
        return self.base.size

    @property
    def change(self) -> int:
        """The last change of the store that the base rows already hold; a delta starts after it."""
        return int(self.facts["change"])

    def view(self, delta: Delta | None = None) -> CatalogueView:
        """Returns what the catalogue holds with `delta` on top: an immutable value that is cheap to make."""
        wanted = delta if delta is not None else Delta(self.change)
        rows = {name: self._row_of(name) for name in wanted.changes}
        base_rows = {name: row for name, row in rows.items() if row is not None}
        return CatalogueView(self.base, self._live.make(wanted.changes, base_rows, self.size), wanted.number)
