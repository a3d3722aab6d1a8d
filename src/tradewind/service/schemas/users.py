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


class TagEvidence(BaseModel):
    """An event that a tag rests on."""

    model_config = ConfigDict(extra="forbid")

    event: str
    time: str
    item: str | None


class TagShown(BaseModel):
    """A short statement about the person, and what it rests on."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="What names the tag when it is deleted.")
    kind: str = Field(description="category, brand, price_band, recency, frequency, value or predicted.")
    value: str
    weight: float = Field(
        description="A share of the interest; of a rhythm days, baskets a month, or money a basket; of a guess its "
        "probability."
    )
    guess: bool = Field(description="Whether it is predicted, and no more than a guess.")
    note: str = Field(description="Of a guess: that it is one, and what spoke for it.")
    rests_on: int = Field(description="How many events it rests on.")
    evidence: list[TagEvidence] = Field(description="The newest hundred of them; the export holds every event.")


class ProfileAnswer(BaseModel):
    """What is concluded from a person's events; all of it goes when personalisation is off."""

    model_config = ConfigDict(extra="forbid")

    personalise: bool
    events: int = Field(description="Events the profile was made from.")
    baskets: int
    tags: list[TagShown]
    deleted_tags: list[str] = Field(description="Tags that the person took back; nothing is concluded from them.")
    withheld_events: int = Field(description="Events left out of every tag since their item is of a sensitive topic.")
    categories: list[Interest]
    brands: list[Interest]
    recent: list[str] = Field(description="Items, the latest first.")
    bought: dict[str, int] = Field(description="Items by the number of baskets that held them.")
    dismissed: list[str]
