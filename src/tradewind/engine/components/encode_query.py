"""The query's vector."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tradewind.engine.encoding import encode_one
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import State


@dataclass(frozen=True, slots=True)
class EncodeQuery:
    """Sets `vector` to what the query means to the encoder."""

    name: str = "encode"

    def __call__(self, state: State[SearchRequest]) -> State[SearchRequest]:
        return replace(state, vector=encode_one(state.context, state.request.query, "query"))
