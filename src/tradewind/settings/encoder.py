"""The blocks of shop.yaml about the pretrained encoder, and the smaller one that answers queries."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tradewind.settings.base import Settings


class QueryEncoderSettings(Settings):
    """A smaller encoder that answers queries in the published one's place; none unless `blocks` says of how many."""

    blocks: int | None = Field(None, ge=1)
    """So many of the encoder's blocks are kept, those that are missed most, and learn what the whole would answer."""
    steps: int = Field(120, ge=10)
    quality: float = Field(0.95, gt=0, le=1)
    """What it finds has to be worth this share of what the whole encoder finds; else the whole answers."""


class EncoderSettings(Settings):
    """The pretrained encoder: `hub:ID`, `dir:PATH` or `package:NAME`."""

    pretrained: str = "package:e5"
    trim_vocabulary: bool = True
    max_tokens: int = Field(64, ge=8, le=512)
    precision: Literal["auto", "int8-static", "int8"] = "auto"
    """`int8-static` is faster, `int8` nearer to the original; `auto` takes the first where the gate lets it pass."""
    queries: QueryEncoderSettings = QueryEncoderSettings()

    def of_passages(self) -> dict[str, Any]:
        """Returns what the encoder of the catalogue is made by: the encoder of queries changes nothing in it."""
        return self.model_dump(exclude={"queries"})
