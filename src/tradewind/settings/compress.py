"""The block of shop.yaml that says what the compressed encoder has to come to, and how such figures are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from tradewind.settings.base import Settings

_MILLISECONDS: Final = {"ms": 1.0, "s": 1000.0, "us": 0.001, "µs": 0.001}
_BYTES: Final = {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30}
_FIGURE: Final = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]+)\s*", re.IGNORECASE)


def _time(text: str | None) -> str | None:
    _read(text, _MILLISECONDS, "a time such as 3ms")
    return text


def _size(text: str | None) -> str | None:
    _read(text, _BYTES, "a size such as 20MB")
    return text


class CompressSettings(Settings):
    """What the encoder that serves has to come to: one of the first three starts a search."""

    target: Annotated[str | None, AfterValidator(_time)] = None
    """At most this time for one short text on one thread of this machine, for example `3ms`."""
    size: Annotated[str | None, AfterValidator(_size)] = None
    """At most so much on disk, for example `20MB`."""
    quality: float | None = Field(None, gt=0, le=1)
    """At least this share of what the original finds; left out beside another limit, .9 is asked."""
    minutes: float = Field(30.0, gt=0)
    """How long the search may go on making further candidates."""

    @property
    def asked(self) -> bool:
        """Whether a point of the frontier is asked for."""
        return any(limit is not None for limit in (self.target, self.size, self.quality))

    @property
    def milliseconds(self) -> float | None:
        """The `target` as a number of milliseconds."""
        return _read(self.target, _MILLISECONDS, "a time such as 3ms")

    @property
    def bytes(self) -> float | None:
        """The `size` as a number of bytes."""
        return _read(self.size, _BYTES, "a size such as 20MB")


def _read(text: str | None, units: Mapping[str, float], wanted: str) -> float | None:
    if text is None:
        return None
    found = _FIGURE.fullmatch(text)
    unit = units.get(found[2].lower()) if found else None
    if found is None or unit is None or not float(found[1]) > 0:
        raise ValueError(f"not {wanted}; units: {', '.join(units)}")
    return float(found[1]) * unit
