"""What is asked of an estimator of the shop's own, and what it answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tradewind.service.schemas.words import STORABLE, Wire
from tradewind.tasks.rank.ranking import Candidates

LONGEST_TEXT = 50_000
MOST_TEXTS = 256

EstimatorName = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE]
PredictedText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S"), STORABLE]


class QueryIn(Wire):
    """A query and the texts that are put in order for it."""

    query: PredictedText
    texts: list[PredictedText] = Field(min_length=1, max_length=MOST_TEXTS)


class PredictIn(Wire):
    """Texts to be answered, one answer each, and how many choices of each are wanted.

    An estimator that ranks takes a query beside the texts, or several `queries` with texts of their own.
    """

    texts: list[PredictedText] = Field([], min_length=1, max_length=MOST_TEXTS)
    query: PredictedText | None = Field(None, description="For an estimator that ranks: what the texts answer.")
    queries: list[QueryIn] = Field([], min_length=1, max_length=MOST_TEXTS)
    k: int = Field(1, ge=1, le=100)

    @model_validator(mode="after")
    def _one_form(self) -> PredictIn:
        if bool(self.texts) == bool(self.queries) or (self.queries and self.query is not None):
            raise ValueError("give texts, texts with a query, or queries")
        return self

    def inputs(self) -> list[str | Candidates]:
        """Returns what is asked, each with an answer of its own."""
        if self.query is not None:
            return [Candidates(self.query, tuple(self.texts))]
        return [*self.texts, *(Candidates(one.query, tuple(one.texts)) for one in self.queries)]


class Predictions(BaseModel):
    """The answers in the order of the texts or queries; what stands in one depends on the estimator's task."""

    model_config = ConfigDict(extra="forbid")

    estimator: str
    version: str
    predictions: list[dict[str, Any]]
