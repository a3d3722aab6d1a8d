"""The words that several requests share, each with its limit."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MOST_RESULTS: Final = 100
DEEPEST: Final = 1_000
LONGEST_QUERY: Final = 1_000
MOST_TERMS: Final = 100


class Wire(BaseModel):
    """A request body or a part of one: a word it does not know is an error, and no number is NaN or infinite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def storable(text: str) -> str:
    """Returns `text`; raises ValueError when it holds a NUL or a lone surrogate, which no store and no log takes."""
    if "\x00" in text or (not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)):
        raise ValueError("a NUL or half a character is not text")
    return text


STORABLE: Final = AfterValidator(storable)
Text = Annotated[str, STORABLE]
Query = Annotated[str, StringConstraints(max_length=LONGEST_QUERY), STORABLE]
ItemId = Annotated[str, StringConstraints(min_length=1, max_length=256), STORABLE]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE]
Term = Annotated[str, StringConstraints(min_length=1, max_length=500), STORABLE]
Price = Annotated[float, Field(ge=0, le=1e12)]
PageSize = Annotated[int, Field(ge=1, le=MOST_RESULTS, description="Results on this page.")]
Offset = Annotated[int, Field(ge=0, lt=DEEPEST, description=f"Results to skip; offset + k reaches {DEEPEST} at most.")]
