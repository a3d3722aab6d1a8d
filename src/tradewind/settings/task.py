"""The block of shop.yaml about one task's training, and what `match` has beside it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tradewind.settings.base import Settings

Method = str


class TaskSettings(Settings):
    """One task's training; what is left out comes from the effort."""

    enabled: bool = True
    method: Method = "full"
    method_options: dict[str, Any] = {}
    """What the method takes beside its name, such as `rank` for lora or `layers` for partial."""
    optimiser: Literal["adamw", "sgd", "adafactor"] = "adamw"
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate goes on after the warm-up: down to nothing in a line or a half wave, or not at all."""
    learning_rate: float | None = Field(None, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    dropout: float | None = Field(None, ge=0, lt=1)
    warmup: float = Field(0.1, ge=0, lt=1)
    """The share of the steps during which the learning rate rises."""
    batch_size: int | None = Field(None, ge=2)
    accumulation: int = Field(1, ge=1)
    max_steps: int | None = Field(None, ge=1)
    patience: int = Field(3, ge=1)
    """Evaluations without a gain before the run stops early."""


class NegativeSettings(Settings):
    """Texts that a pair learns to tell apart beside the other passages of its batch; none unless asked for."""

    mined: int = Field(0, ge=0, le=16)
    """So many that lie near by vector and are of another kind, or never bought together though chance would have it."""
    siblings: int = Field(0, ge=0, le=16)
    """So many from the categories beside the right one's, under the same parent."""
    ratio: float = Field(0.95, gt=0, le=1)
    """What lies nearer than this share of the right text's nearness may be right as well, and is not mined."""

    @property
    def wanted(self) -> bool:
        """Whether any are asked for."""
        return self.mined + self.siblings > 0


class MatchSettings(TaskSettings):
    """The training of the bi-encoder: a task with negatives and sizes of its own."""

    negatives: NegativeSettings = NegativeSettings()
    matryoshka: list[int] = []
    """Sizes, such as [384, 256, 128, 64], to which a vector may be cut later: the loss is taken at each of them."""
