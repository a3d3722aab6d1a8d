"""Reads what an address says as the body it stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

B = TypeVar("B", bound=BaseModel)


def as_body(make: Callable[[], B]) -> B:
    """Returns what `make` makes. A field that cannot be used is the caller's: raises RequestValidationError."""
    try:
        return make()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**one, "loc": ("query", *one["loc"])} for one in found]) from None
