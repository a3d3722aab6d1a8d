"""What a person may see and decide about themselves."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tradewind.service.schemas.words import Wire


class ConsentIn(Wire):
    """The personalisation switch."""

    personalise: bool


class Consent(BaseModel):
    """The switch as it stands; `version` counts how often it was moved."""

    model_config = ConfigDict(extra="forbid")

    personalise: bool
    version: int


class Interest(BaseModel):
    """A share of a person's interest, 0 to 1."""

    model_config = ConfigDict(extra="forbid")

    value: str
    share: float


class ProfileAnswer(BaseModel):
    """What is concluded from a person's events; all of it goes when personalisation is off."""

    model_config = ConfigDict(extra="forbid")

    personalise: bool
    events: int = Field(description="Events the profile was made from.")
    baskets: int
    categories: list[Interest]
    brands: list[Interest]
    recent: list[str] = Field(description="Items, the latest first.")
    bought: dict[str, int] = Field(description="Items by the number of baskets that held them.")
    dismissed: list[str]
