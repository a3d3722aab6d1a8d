"""The query's vector."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.encoding import encode_one
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class EncodeQuery:
    """Sets `vector` to what the query means to the encoder, read in the catalogue's language where it has another.

    A small encoder knows its texts' language best: the translation alone finds more than the query, or than both.
    """

    name: str = "encode"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        text = state.understanding.in_its_language or state.request.query
        return replace(state, vector=encode_one(state.context, text, "query"))
