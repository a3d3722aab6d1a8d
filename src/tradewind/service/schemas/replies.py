"""What the engine's answers hold, for those who read the contract; the bytes themselves are the engine's."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid")


class Reason(BaseModel):
    """One real signal behind a result: a code, and what belongs to it."""

    model_config = ConfigDict(extra="allow")

    code: str


class ItemAnswer(Answer):
    """An item as shoppers see it."""

    id: str
    title: str
    category: list[str]
    brand: str | None
    price: float | None
    currency: str | None
    price_derived: bool = Field(description="The price was worked out from past sales.")
    availability: str
    attributes: dict[str, str]
    image: str | None


class Result(ItemAnswer):
    """An item in a list, and why it is there."""

    score: float
    why: list[Reason]


class OneItem(Answer):
    """One item."""

    item: ItemAnswer
    generation: str
    delta: int


class FacetCount(Answer):
    """How many of the results have a value."""

    value: str
    count: int


class Standing(Answer):
    """What an answer stands on: with the request, everything that decides its bytes."""

    personalised: bool
    generation: str
    delta: int
    stage: str = Field(description="The last stage that shaped the order.")
    degraded: list[str] = Field(description="Parts that did not answer in time.")


class Correction(Answer):
    """A word that was taken for misspelt."""

    typed: str
    read_as: str


class Translation(Answer):
    """A word of the query, and what it was also looked for as in the other language."""

    from_: str = Field(alias="from")
    to: list[str]


class SearchAnswer(Standing):
    """A page of results."""

    query: str
    corrections: list[Correction]
    translations: list[Translation]
    total: int
    results: list[Result]
    facets: dict[str, list[FacetCount] | dict[str, Any]]


class RecommendAnswer(Standing):
    """A page of recommendations."""

    surface: str
    item: str | None = None
    total: int
    results: list[Result]


class Completion(Answer):
    """One way to go on typing."""

    text: str
    kind: Literal["query", "category", "item"]
    count: int


class SuggestAnswer(Answer):
    """Completions, the most frequent first."""

    prefix: str
    completions: list[Completion]
    generation: str
    delta: int
