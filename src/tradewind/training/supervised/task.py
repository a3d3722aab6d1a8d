"""What a supervised text task tells the trainer: how its examples become rows, and what is wrong with an output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from tradewind.errors import DataError
from tradewind.models.bi_encoder import BiEncoder

IGNORED = -100
"""The target of a token that counts for nothing: a special one, padding, all but the first of a word."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Examples as the model reads them: token ids, and targets by name.

    A target is an array with one row an example, or a list of arrays with one value a token. `groups` (n,) says which
    rows belong to one question: they always travel in one batch, for losses over lists.
    """

    ids: Sequence[Sequence[int]]
    targets: Mapping[str, npt.NDArray[Any] | Sequence[npt.NDArray[Any]]]
    groups: npt.NDArray[np.int64] | None = field(default=None)

    def __post_init__(self) -> None:
        for name, target in self.targets.items():
            if len(target) != len(self.ids):
                raise DataError(f"{len(self.ids)} texts with {len(target)} targets {name!r}")

    def __len__(self) -> int:
        return len(self.ids)


class TextTask(Protocol):
    """One task over texts or pairs of texts. `Examples` are the task's own; the trainer only hands them back."""

    @property
    def name(self) -> str:
        """What the task is called."""

    @property
    def outputs(self) -> int:
        """How many numbers the layer gives, for a text or for each of its tokens."""

    @property
    def tokenwise(self) -> bool:
        """Whether the layer reads each token, not the text as a whole."""

    def rows(self, examples: Any, encoder: BiEncoder) -> Rows:
        """Returns the examples as token ids and targets."""

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Returns the mean loss, a scalar, of outputs (n, k) or (n, t, k)."""

    def divergence(
        self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Returns how far two outputs for the same texts lie apart, a scalar, for R-Drop."""

    def figures(self, outputs: Sequence[npt.NDArray[np.float32]], examples: Any) -> dict[str, float]:
        """Returns the task's metrics by name, higher is better for the first: that one is watched."""
