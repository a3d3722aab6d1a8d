"""Many texts as a job: what is submitted, and what is told of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tradewind.service.schemas.words import Text, Wire


class JobIn(Wire):
    """Texts or pictures in base64, and how many choices of each are wanted; what cannot be answered gets an error in
    its place."""

    texts: list[Text] = Field([], min_length=1)
    pictures: list[Text] = Field([], min_length=1)
    k: int = Field(1, ge=1, le=100)

    @model_validator(mode="after")
    def _one_form(self) -> JobIn:
        if bool(self.texts) == bool(self.pictures):
            raise ValueError("give texts or pictures")
        return self

    def lines(self) -> list[Any]:
        """Returns what stands on each line of the job."""
        return [*self.texts, *({"picture": one} for one in self.pictures)]


class JobOptions(Wire):
    """What stands in the address when the body is JSON Lines."""

    k: int = Field(1, ge=1, le=100, description="Choices of each text; a JSON body says it itself.")


class BadLine(BaseModel):
    """A line that could not be answered."""

    model_config = ConfigDict(extra="forbid")

    line: int = Field(description="From 1.")
    code: str
    detail: str


class JobStatus(BaseModel):
    """A job as it stands."""

    model_config = ConfigDict(extra="forbid")

    id: str
    estimator: str
    k: int
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    total: int = Field(description="Lines that came.")
    done: int = Field(description="Lines that are answered or named as bad.")
    errors: int
    bad_lines: list[BadLine] = Field(description="The first hundred; the results have every one in its place.")
    seconds_left: float | None = Field(description="An estimate from the job's own speed, without the wait of a queue.")
    versions: list[str] = Field(description="Versions of the estimator that answered: more than one was promoted.")
    reason: str | None = Field(description="Why it failed.")
    created: str
    finished: str | None
    expires: str | None = Field(description="When an ended job and its results are deleted.")
    result: str | None = Field(description="Where the results are fetched, once it is done.")


LINES_SCHEMA: dict[str, Any] = {
    "type": "string",
    "description": 'One text a line: `"a text"` or `{"text": "a text"}`; `{"query", "texts"}` where texts are ranked, '
    '`{"picture": "base64"}` where pictures are read. '
    "Each line is answered in its place.",
}
