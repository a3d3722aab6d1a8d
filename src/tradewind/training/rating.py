"""Learns stars from texts, as the steps between neighbouring numbers of stars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from tradewind.models.bi_encoder import BiEncoder
from tradewind.tasks.rating import RatedTexts, rating_figures, star_probabilities
from tradewind.training.supervised.task import Rows


@dataclass(frozen=True)
class RatingTask:
    """One output a step: is the rating above it (Niu et al., "Ordinal regression with multiple output CNN", 2016)."""

    lowest: int = 1
    highest: int = 5
    role: str = "passage"
    name: str = "rating"
    tokenwise: bool = False

    @property
    def outputs(self) -> int:
        """The number of steps."""
        return self.highest - self.lowest

    def rows(self, examples: RatedTexts, encoder: BiEncoder) -> Rows:
        """Returns the texts in their role and the steps that each is above."""
        return Rows(encoder.tokens(examples.texts, self.role), {"steps": examples.steps})

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Returns the mean binary cross-entropy over the steps."""
        return binary_cross_entropy_with_logits(outputs, targets["steps"])

    def divergence(
        self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Returns the symmetric Kullback–Leibler divergence of the steps, their mean."""
        gap = (first.sigmoid() - second.sigmoid()) * (
            logsigmoid(first) - logsigmoid(-first) - logsigmoid(second) + logsigmoid(-second)
        )
        return gap.mean() / 2

    def probabilities(self, outputs: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        """Returns the probability (n, stars) of each number of stars."""
        return star_probabilities(np.stack(outputs))

    def figures(self, outputs: Sequence[npt.NDArray[np.float32]], examples: RatedTexts) -> dict[str, float]:
        """Returns what `rating_figures` does, −RMSE first."""
        return rating_figures(self.probabilities(outputs), examples)
