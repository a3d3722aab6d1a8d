"""Items on the wire, for those who keep the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from tradewind.data.records import CATEGORY_SEPARATOR, Item
from tradewind.service.schemas.words import STORABLE, FieldName, ItemId, Price, Wire

MOST_CHANGES = 500
Title = Annotated[str, StringConstraints(min_length=1, max_length=1_000, strip_whitespace=True), STORABLE]
Words = Annotated[str, StringConstraints(min_length=1, max_length=1_000), STORABLE]
Word = Annotated[str, StringConstraints(min_length=1, max_length=16), STORABLE]
Address = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^(https?://|/)"), STORABLE]


def _one_level(name: str) -> str:
    if CATEGORY_SEPARATOR in name:
        raise ValueError(f"one level of a category path cannot hold {CATEGORY_SEPARATOR!r}; give the levels as a list")
    return name


Level = Annotated[Words, AfterValidator(_one_level)]
Moment = Annotated[
    datetime, AfterValidator(lambda moment: moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
]


class ItemIn(Wire):
    """An item, whole. What the encoder reads is made from it by the shop's own template."""

    title: Title
    category: Annotated[list[Level], Field(default_factory=list, max_length=10)]
    brand: Words | None = None
    price: Price | None = None
    currency: Word | None = None
    attributes: Annotated[dict[FieldName, Words], Field(default_factory=dict, max_length=50)]
    image: Address | None = None
    language: Word | None = None
    availability: Literal["in_stock", "out_of_stock", "preorder", "backorder"] = "in_stock"
    updated_at: Moment | None = None

    def item(self, item_id: str) -> Item:
        """Returns the record, without the text that the encoder reads."""
        fields = {name: getattr(self, name) for name in ItemIn.model_fields}
        return Item(id=item_id, **{**fields, "category": tuple(self.category)})


class ItemPatch(ItemIn):
    """Some fields of an item; what is left out stays, and null takes a value away."""

    title: Title = ""

    def changes(self) -> dict[str, Any]:
        """Returns the fields that were given, as the record holds them."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "category" in given:
            given["category"] = tuple(given["category"])
        if "price" in given:
            given["price_derived"] = False
        return given


class ItemUpsert(ItemIn):
    """An item in a batch."""

    id: ItemId


class ItemBatch(Wire):
    """Items to put and items to take away, in one change: all of it shows, or none."""

    upserts: Annotated[list[ItemUpsert], Field(default_factory=list, max_length=MOST_CHANGES)]
    removals: Annotated[list[ItemId], Field(default_factory=list, max_length=MOST_CHANGES)]


class Changed(BaseModel):
    """The catalogue change after which answers show what was asked for."""

    model_config = ConfigDict(extra="forbid")

    delta: int
    upserted: int
    removed: int
