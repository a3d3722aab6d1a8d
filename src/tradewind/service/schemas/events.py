"""Events on the wire, in Tradewind's own form, and what became of each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from tradewind.data.records import Event, EventType
from tradewind.service.schemas.words import STORABLE, ItemId, Query, Wire

MOST_EVENTS = 500
Outcome = Literal["stored", "duplicate", "conflict", "rejected"]
Kind = Literal["search", "impression", "view", "click", "add_to_cart", "purchase", "rate", "review", "dismiss"]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128), STORABLE]

_PERSONAL = (
    "a visitor id must be random, 8 to 128 of A-Z a-z 0-9 . _ ~ -; never an e-mail, a phone or an identity number"
)


def _impersonal(visitor: str) -> str:
    """Refuses what reads as a phone or an identity number: digits alone, as many as those have."""
    digits = visitor.replace("-", "").replace(".", "").removesuffix("X").removesuffix("x")
    if digits.isdigit() and len(digits) <= 18:
        raise ValueError(_PERSONAL)
    return visitor


Visitor = Annotated[
    str,
    StringConstraints(min_length=8, max_length=128, pattern=r"^[A-Za-z0-9._~-]+$"),
    AfterValidator(_impersonal),
]
Moment = Annotated[
    datetime,
    Field(description="RFC 3339 with an offset, or seconds or milliseconds since 1970."),
    AfterValidator(lambda moment: moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)),
]


class EventIn(Wire):
    """One thing that happened. Whose it is comes from the user token, never from here."""

    event_id: Annotated[Name, Field(description="Chosen by the sender; the same id twice is one event.")]
    type: Kind
    time: Moment
    visitor: Visitor | None = None
    item: ItemId | None = None
    query: Query | None = None
    request_id: Annotated[Name | None, Field(description="X-Request-Id of the answer that led here.")] = None
    basket: Name | None = None
    value: Annotated[float | None, Field(description="Money, or the grade of a rating.")] = None
    quantity: Annotated[float | None, Field(ge=0, le=1e9)] = None
    position: Annotated[int | None, Field(ge=0, le=1_000_000, description="Place in the list, from 0.")] = None

    def event(self, user: str | None) -> Event:
        """Returns the record, of `user` (a pseudonym)."""
        return Event(
            event_id=self.event_id,
            type=EventType(self.type),
            time=self.time,
            user=user,
            visitor=self.visitor,
            item=self.item,
            query=self.query,
            request_id=self.request_id,
            basket=self.basket,
            value=self.value,
            quantity=self.quantity,
            position=self.position,
        )


_EVENT_FORM: dict[str, Any] = EventIn.model_json_schema()
_BATCH_FORM: dict[str, Any] = {
    "title": "EventBatch",
    "type": "object",
    "required": ["events"],
    "additionalProperties": False,
    "properties": {"events": {"type": "array", "minItems": 1, "maxItems": MOST_EVENTS, "items": _EVENT_FORM}},
}
EventsBody = Annotated[dict[str, Any], WithJsonSchema({"anyOf": [_EVENT_FORM, _BATCH_FORM]})]
"""One event, or a batch; the events of a batch are judged one by one, so that a bad one never costs a good one."""


class EventResult(BaseModel):
    """What became of one event; `stored` means on disk."""

    model_config = ConfigDict(extra="forbid")

    event_id: str | None
    status: Outcome
    reason: str | None = None


class BatchResult(BaseModel):
    """What became of each event of a batch, in its order."""

    model_config = ConfigDict(extra="forbid")

    events: list[EventResult]
    counts: dict[Outcome, int]
