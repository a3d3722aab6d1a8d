"""Who will buy what: whose purchases, which items, and the probabilities."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tradewind.data.records import Event, EventType
from tradewind.service.schemas.words import ItemId, Price, Wire

MOST_ITEMS = 256
MOST_HISTORY = 2_000
Quantity = Annotated[float, Field(gt=0, le=1e6)]


class PurchaseMade(Wire):
    """A line of a purchase: purchases of the same basket were made together."""

    item: ItemId
    time: AwareDatetime
    basket: ItemId | None = None
    value: Price | None = None
    quantity: Quantity | None = None

    def event(self, place: int) -> Event:
        """Returns it as an event of somebody who is not named."""
        return Event(
            f"given-{place}",
            EventType.PURCHASE,
            self.time,
            item=self.item,
            basket=self.basket or self.time.isoformat(),
            value=self.value,
            quantity=self.quantity,
        )


class PurchaseIn(Wire):
    """Items that may be bought, by the user that the token names, or by whoever made the purchases of `history`."""

    items: list[ItemId] = Field(min_length=1, max_length=MOST_ITEMS)
    history: list[PurchaseMade] = Field([], max_length=MOST_HISTORY)
    at: AwareDatetime | None = Field(None, description="From when on; now, when it is left out.")

    def events(self) -> list[Event]:
        """Returns the given history."""
        return [made.event(place) for place, made in enumerate(self.history)]

    def moment(self, now: datetime) -> datetime:
        return self.at or now


class PurchaseChance(BaseModel):
    """One item: a probability, or why there is none."""

    model_config = ConfigDict(extra="forbid")

    item: str
    category: str | None = Field(None, description="What the probability speaks of: a purchase of this category.")
    probability: float | None = None
    reason: Literal["unknown-item", "sensitive", "category-never-sold"] | None = None


class PurchaseChances(BaseModel):
    """The answers in the order of the items."""

    model_config = ConfigDict(extra="forbid")

    version: str
    horizon_days: float
    at: str
    predictions: list[PurchaseChance]
