"""What kind of data each field of a record is: what may leave a site, and what never may."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class DataClass(StrEnum):
    """From what anybody may see to what only the site that was trusted with it may hold."""

    PUBLIC = "public"
    """The catalogue, as any visitor of the shop sees it."""
    PSEUDONYMOUS = "pseudonymous"
    """About one person who is not named; counts as personal unless a legal basis is recorded."""
    PERSONAL = "personal"
    """Names a person, or is what a person wrote."""


EVENT_CLASSES: Final = MappingProxyType(
    {
        **dict.fromkeys(("event_id", "type", "time", "user", "visitor", "item", "request_id"), DataClass.PSEUDONYMOUS),
        **dict.fromkeys(("basket", "value", "quantity", "position"), DataClass.PSEUDONYMOUS),
        "query": DataClass.PERSONAL,
    }
)
"""The class of every field of an Event. Free text is masked, and is still what a person wrote."""

ITEM_CLASS: Final = DataClass.PUBLIC
"""The class of every field of an Item; this is why item texts are not masked: a number in them is a product's."""
