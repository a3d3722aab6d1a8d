"""The block of shop.yaml about product texts that are drafted for review."""

from __future__ import annotations

from pydantic import Field

from tradewind.settings.base import Settings


class DescribeSettings(Settings):
    """Who drafts product texts. A draft is a draft until a person approves it, whoever wrote it."""

    generator: str = "template"
    """`template`, a causal model by `hub:ID`, `dir:PATH` or `package:gemma3-270m`, or `endpoint:URL` of a service that
    speaks OpenAI's chat completions."""
    accept_terms: bool = False
    """Whether the terms that a packaged model comes under were read and are accepted."""
    model: str | None = None
    """What an endpoint calls the model."""
    key_variable: str | None = None
    """The environment variable that holds an endpoint's key; the key itself stands nowhere."""
    longest: int = Field(64, ge=8, le=512)
    """Tokens of a text by a model on this machine."""
    max_steps: int | None = Field(None, ge=1)
    """Steps of `tradewind train describe`; left out, the effort decides."""
