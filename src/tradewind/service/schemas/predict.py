"""What is asked of an estimator of the shop's own, and what it answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from tradewind.engine.estimators import Input
from tradewind.runtime.pictures import sent_picture
from tradewind.service.schemas.words import STORABLE, Wire
from tradewind.tasks.rank.ranking import Candidates

LONGEST_TEXT = 50_000
MOST_TEXTS = 256
MOST_PICTURES = 32

EstimatorName = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE]
PredictedText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S"), STORABLE]


def _base64(written: str) -> str:
    sent_picture(written, "")
    return written


SentPicture = Annotated[
    str,
    StringConstraints(min_length=1),
    AfterValidator(_base64),
    WithJsonSchema({"type": "string", "minLength": 1, "contentEncoding": "base64"}),
]
"""A picture's file as it is, in base64."""


class QueryIn(Wire):
    """A query and the texts that are put in order for it."""

    query: PredictedText
    texts: list[PredictedText] = Field(min_length=1, max_length=MOST_TEXTS)


class PredictIn(Wire):
    """Texts to be answered, one answer each, and how many choices of each are wanted.

    An estimator that ranks takes a query beside the texts, or several `queries` with texts of their own; one that reads
    pictures takes `pictures` in place of texts.
    """

    texts: list[PredictedText] = Field([], min_length=1, max_length=MOST_TEXTS)
    query: PredictedText | None = Field(None, description="For an estimator that ranks: what the texts answer.")
    queries: list[QueryIn] = Field([], min_length=1, max_length=MOST_TEXTS)
    pictures: list[SentPicture] = Field([], min_length=1, max_length=MOST_PICTURES)
    k: int = Field(1, ge=1, le=100)

    @model_validator(mode="after")
    def _one_form(self) -> PredictIn:
        given = [bool(part) for part in (self.texts, self.queries, self.pictures)]
        if sum(given) != 1 or (self.query is not None and not self.texts):
            raise ValueError("give texts, texts with a query, queries, or pictures")
        return self

    def inputs(self) -> list[Input]:
        """Returns what is asked, each with an answer of its own."""
        if self.pictures:
            return [sent_picture(one, f"picture {place}") for place, one in enumerate(self.pictures, 1)]
        if self.query is not None:
            return [Candidates(self.query, tuple(self.texts))]
        return [*self.texts, *(Candidates(one.query, tuple(one.texts)) for one in self.queries)]


class Predictions(BaseModel):
    """The answers in the order of what was asked; what stands in one depends on the estimator's task."""

    model_config = ConfigDict(extra="forbid")

    estimator: str
    version: str
    predictions: list[dict[str, Any]]
