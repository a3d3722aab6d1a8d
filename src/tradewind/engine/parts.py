"""What the engine is assembled from, as it sees each part: encoder, catalogue, sequence model, store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from tradewind.data.records import Event, Item, User
from tradewind.index.delta import Delta
from tradewind.index.filters import Filters
from tradewind.index.hits import Hits
from tradewind.index.understanding import Understanding, Unit

Vector = NDArray[np.float32]
Rows = NDArray[np.int64]
Role = Literal["query", "passage", "together"]


class Encoder(Protocol):
    """Turns texts into unit vectors; a text's vector never depends on its batch-mates."""

    @property
    def dimension(self) -> int: ...

    def encode(self, texts: Sequence[str], role: Role) -> Vector: ...


class View(Protocol):
    """A catalogue as it stands at one delta number; nothing in it ever changes."""

    @property
    def delta(self) -> int: ...

    @property
    def size(self) -> int: ...

    @property
    def first_live(self) -> int:
        """The row from which on items were added or changed while serving."""
        ...

    def row_of(self, item_id: str) -> int | None: ...

    def item(self, row: int) -> Item: ...

    def items(self, rows: Sequence[int]) -> list[Item]: ...

    def text_of(self, rows: Rows) -> Rows:
        """Returns one number per text: items that read the same have the same number."""
        ...

    def understand(self, query: str) -> Understanding: ...

    def lexical_units(self, units: Sequence[Unit], k: int, filters: Filters) -> Hits: ...

    def vector(self, vector: Vector, k: int, filters: Filters) -> Hits: ...

    def vector_of(self, row: int, role: Literal["passage", "together"] = "passage") -> Vector: ...

    def select(self, filters: Filters) -> Rows:
        """Returns every row that passes, most popular first."""
        ...

    def matching(self, filters: Filters) -> int: ...

    def facets(self, rows: Rows, fields: Iterable[str]) -> Mapping[str, Sequence[Any]]: ...

    def price_range(self, rows: Rows) -> tuple[float, float] | None: ...

    def prices(self, rows: Rows) -> NDArray[np.float64]: ...

    def popularity(self, rows: Rows) -> NDArray[np.float32]: ...

    def updated_at(self, rows: Rows) -> NDArray[np.int64]: ...

    def complete(self, prefix: str, k: int) -> Sequence[Any]: ...

    def together(self, row: int, k: int) -> Hits: ...

    def together_counts(self, row: int, k: int) -> NDArray[np.int32]: ...

    def popular(self, k: int, filters: Filters) -> Hits: ...

    def trending(self, k: int, filters: Filters) -> Hits: ...


class Store(Protocol):
    """The part of the store that answering needs."""

    def latest_change(self) -> int: ...

    def item_changes(self, since: int) -> Sequence[Any]: ...

    def change_items(self, upserts: Sequence[tuple[Item, bytes]], removals: Sequence[str]) -> int: ...

    def profile_version(self, user: str) -> str: ...

    def events_of(self, user: str, limit: int = 2000) -> Sequence[Event]: ...

    def consent(self, pseudonym: str) -> User: ...

    def deleted_tags(self, user: str) -> frozenset[str]: ...


class SequenceModel(Protocol):
    """Names the likeliest items of somebody's next basket, given their baskets, oldest first."""

    def top(self, history: Sequence[Any], k: int) -> Sequence[tuple[str, float]]: ...


class Catalogue(Protocol):
    """An immutable index that shows itself at any delta number."""

    @property
    def change(self) -> int:
        """The store's last change that the index already holds."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """What was indexed: `together` says whether there are vectors of that role."""
        ...

    def view(self, delta: Delta) -> View: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """One generation: an immutable set of parts that were published together."""

    generation: str
    encoder: Encoder
    encoder_version: str
    """Names the encoder whose vectors the catalogue holds."""
    catalogue: Catalogue
    template: str
    """How an item's text is made; see `data.mapping.item_text`."""
    sequence: SequenceModel | None = None
    query_encoder: Encoder | None = None
    """A smaller encoder that learned the vectors which `encoder` gives queries, and answers them in its place."""
    query_encoder_version: str | None = None

    def encoder_of(self, role: Role) -> tuple[Encoder, str]:
        """Returns the encoder that reads texts of `role`, and its version."""
        if role == "query" and self.query_encoder is not None and self.query_encoder_version is not None:
            return self.query_encoder, self.query_encoder_version
        return self.encoder, self.encoder_version


@dataclass(frozen=True, slots=True)
class Serving:
    """What one request stands on from its start to its end: a generation, and its catalogue at one delta number."""

    parts: Parts
    view: View
