"""Answers as bytes: the same answer is the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any, Literal

import orjson

from tradewind.data.records import Item
from tradewind.engine.state import R, State


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `body` is canonical JSON (sorted keys, UTF-8) and a pure function of the request, the generation, the
    delta number and, when the answer is personal, the profile version; what varies stands in the other fields.
    """

    body: bytes
    generation: str
    delta: int
    profile_version: str | None = None
    """The version of the person's events and consent; None when the answer is the same for everybody."""
    stages: tuple[tuple[str, float], ...] = ()
    """What each part cost, in milliseconds; empty for an answer from the cache."""
    cache: Literal["hit", "miss"] = "miss"
    stage_answered: str = ""
    degraded: tuple[str, ...] = ()
    """Names of the parts that did not answer."""
    repeatable: bool = True
    """False when the clock or a failing part took something away: asked again, the body may be a better one."""


def canonical(body: Mapping[str, Any]) -> bytes:
    """Returns `body` as UTF-8 JSON with sorted keys and no spaces."""
    return orjson.dumps(body, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY, default=_plain)


def results_of(state: State[R]) -> list[dict[str, Any]]:
    """Returns the page as the HTTP API shows it: every item with its score and its reasons."""
    scored = zip(state.page.rows.tolist(), state.page.scores.tolist(), state.items, strict=True)
    return [
        {**item_body(item), "score": round(score, 6), "why": [dict(reason) for reason in state.why.get(row, ())]}
        for row, score, item in scored
    ]


def item_body(item: Item) -> dict[str, Any]:
    """Returns what is shown of an item."""
    return {
        "id": item.id,
        "title": item.title,
        "category": list(item.category),
        "brand": item.brand,
        "price": item.price,
        "currency": item.currency,
        "price_derived": item.price_derived,
        "availability": item.availability,
        "attributes": dict(item.attributes),
        "image": item.image,
    }


def stage_of(state: State[R]) -> str:
    """Returns the names of the lists that put something into the ranking, joined by `+`; `none` when none did."""
    return "+".join(name for name, hits in state.lists.items() if len(hits.rows)) or "none"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no place in a body")
