"""Integrated gradients of a text model: how much each token adds to its output.

Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks", ICML 2017, equation 1: the gradient along the
straight line from a text without words to the text, times the way. By completeness the tokens sum to the difference of
the two outputs; the integral is taken by Gauss-Legendre quadrature, with more points until it does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.bi_encoder import BiEncoder
from tradewind.models.text_model import TextModel

Score = Callable[[torch.Tensor], torch.Tensor]
"""Outputs (n, k) in, the sum over the n of what is explained out."""
FIRST, MOST = 32, 512
"""Points on the line, from the first try to the last."""
BATCH: Final = 32
TOLERANCE: Final = 0.01
"""Of the difference of the outputs, by which the tokens' sum may miss it."""


@dataclass(frozen=True, slots=True)
class TokenWeights:
    """The output on the text and on the baseline, and what each token adds (t,), taken at `steps` points."""

    value: float
    baseline: float
    weights: npt.NDArray[np.float64]
    steps: int


@dataclass(frozen=True, slots=True)
class PlacedTokens:
    """A text's token ids (t,), and where each lies in the text; None for those that are not of the text."""

    ids: list[int]
    spans: list[tuple[int, int] | None]


def placed_tokens(encoder: BiEncoder, text: str, role: str = "passage") -> PlacedTokens:
    """Returns the tokens that the encoder reads for `text`; the role's prefix and special tokens have no place."""
    prefix = encoder.prefixes[role]
    found = encoder.tokenizer.encode(prefix + text)
    spans = [
        None if special or end <= len(prefix) else (max(0, start - len(prefix)), end - len(prefix))
        for (start, end), special in zip(found.offsets, found.special_tokens_mask, strict=True)
    ]
    return PlacedTokens(list(found.ids), spans)


def integrated_gradients(model: TextModel, tokens: PlacedTokens, score: Score) -> TokenWeights:
    """Returns the tokens' weights; the baseline has the text's word vectors at zero and keeps all other tokens."""
    model.eval()
    with torch.no_grad():
        end = model.encoder.embedded(torch.tensor([tokens.ids]))
        moving = torch.tensor([span is not None for span in tokens.spans])[None, :, None]
        start = torch.where(moving, torch.zeros_like(end), end)
        value, baseline = (float(score(model(side, _mask(side)))) for side in (end, start))
    steps = FIRST
    while True:
        weights = _integral(model, start, end, score, steps)
        if abs(weights.sum() - (value - baseline)) <= TOLERANCE * abs(value - baseline) or steps >= MOST:
            return TokenWeights(value, baseline, weights, steps)
        steps *= 2


def by_word(tokens: PlacedTokens, weights: npt.NDArray[np.float64], words: Sequence[tuple[int, int]]) -> list[float]:
    """Returns the sum of the tokens' weights in each word: a token belongs to the word that holds its last character,
    one between two words to the second."""
    found = [0.0] * len(words)
    for span, weight in zip(tokens.spans, weights, strict=True):
        if span is not None and words:
            place = next((n for n, (_, end) in enumerate(words) if end >= span[1]), len(words) - 1)
            found[place] += float(weight)
    return found


def _integral(
    model: TextModel, start: torch.Tensor, end: torch.Tensor, score: Score, steps: int
) -> npt.NDArray[np.float64]:
    points, shares = np.polynomial.legendre.leggauss(steps)
    total = torch.zeros_like(end, dtype=torch.float64)
    for first in range(0, steps, BATCH):
        at = torch.tensor((points[first : first + BATCH] + 1) / 2, dtype=end.dtype)[:, None, None]
        share = torch.tensor(shares[first : first + BATCH] / 2)[:, None, None]
        inputs = (start + at * (end - start)).requires_grad_()
        (slope,) = torch.autograd.grad(score(model(inputs, _mask(inputs))), inputs)
        total += (share * slope.double()).sum(0, keepdim=True)
    found: npt.NDArray[np.float64] = (total * (end - start).double()).sum(-1)[0].numpy()
    return found


def _mask(states: torch.Tensor) -> torch.Tensor:
    return torch.ones(states.shape[:2], dtype=torch.bool)
