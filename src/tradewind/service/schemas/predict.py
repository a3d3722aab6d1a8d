"""What is asked of an estimator of the shop's own, and what it answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tradewind.service.schemas.words import STORABLE, Wire

LONGEST_TEXT = 50_000
MOST_TEXTS = 256

EstimatorName = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE]
PredictedText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S"), STORABLE]


class PredictIn(Wire):
    """Texts to be answered, one answer each, and how many choices of each are wanted."""

    texts: list[PredictedText] = Field(min_length=1, max_length=MOST_TEXTS)
    k: int = Field(1, ge=1, le=100)


class Predictions(BaseModel):
    """The answers in the order of the texts; what stands in one depends on the estimator's task."""

    model_config = ConfigDict(extra="forbid")

    estimator: str
    version: str
    predictions: list[dict[str, Any]]
