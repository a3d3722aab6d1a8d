"""Labels by their description: a baseline that needs no example, and a better place for the head to start from.

A text gets the label whose description lies nearest by the pretrained encoder (Yin, Hay and Roth, "Benchmarking
zero-shot text classification", EMNLP 2019, section 5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel

SHARPNESS: Final = 5.0
"""What a text that lies wholly in a description's direction scores when the head starts."""
Floats = npt.NDArray[np.float32]


@runtime_checkable
class Describable(Protocol):
    """A recipe whose labels may be described in words."""

    def descriptions(self) -> Sequence[str]:
        """Returns a text for each class, in their order; none where the shop describes no label."""

    def at_outputs(self, vectors: Floats) -> Floats:
        """Returns vectors (outputs, d) of the head's outputs from those of the classes (classes, d)."""

    def scored(self, rows: npt.NDArray[np.int64], score: Callable[[Sequence[str]], Floats]) -> dict[str, float]:
        """Returns the figures on `rows` when `score` gives texts their (n, classes)."""


def start_from(recipe: Any) -> Callable[[TextModel], None] | None:
    """Returns what lets the head start as the nearest description, None where no label has one."""
    if not isinstance(recipe, Describable) or not recipe.descriptions():
        return None
    described = recipe

    def start(model: TextModel) -> None:
        vectors = described.at_outputs(model.encoder.encode(described.descriptions(), "passage"))
        directions = torch.from_numpy(vectors) - model.centre
        unit = torch.nn.functional.normalize(directions, dim=1)
        with torch.no_grad():
            # What the head reads has a mean square of 1, and so a length of the root of its width.
            model.head.weight.copy_(unit * SHARPNESS / vectors.shape[1] ** 0.5)

    return start


def by_description(
    recipe: Any, tested: npt.NDArray[np.int64], checkpoint: Checkpoint, tokens: int
) -> dict[str, dict[str, float]]:
    """Returns the figures of the nearest description under their row's name; nothing where no label has one."""
    if not isinstance(recipe, Describable) or not recipe.descriptions():
        return {}
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=tokens)
    named = encoder.encode(recipe.descriptions(), "passage")
    figures = recipe.scored(tested, lambda texts: encoder.encode(texts, "passage") @ named.T)
    return {"by description": figures}
