"""The block of shop.yaml about continued pretraining."""

from __future__ import annotations

from pydantic import Field

from tradewind.settings.base import Settings
from tradewind.settings.data import SourceSettings


class TextsSettings(Settings):
    """A table of texts: a column or a template."""

    source: SourceSettings
    text: str


class PretrainSettings(Settings):
    """How `tradewind pretrain` goes on with the encoder's own pretraining, on the shop's texts."""

    catalogue: bool = True
    """Whether the texts of the catalogue are read; `tradewind ingest` has to have run."""
    texts: TextsSettings | None = None
    """A table of further texts, such as reviews; without labels."""
    masked: float = Field(0.15, gt=0, le=0.5)
    """The share of the tokens that has to be foretold."""
    whole_words: bool = True
    """Whether all pieces of a word are masked together."""
    epochs: float = Field(2.0, gt=0)
    max_steps: int | None = Field(None, ge=1)
    batch_size: int = Field(32, ge=2)
    learning_rate: float = Field(5e-5, gt=0)
    blocks: int | None = Field(None, ge=1)
    """How many of the encoder's blocks move, from the top; left out, all of them."""
    max_tokens: int = Field(64, ge=8, le=512)
