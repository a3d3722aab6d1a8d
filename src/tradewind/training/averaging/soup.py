"""Model soups: the mean of several weights as one model that costs what one costs (Wortsman et al., ICML 2022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

Weights = Mapping[str, torch.Tensor]
Kind = Literal["greedy", "uniform"]


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Weights by parameter name, and how they validated."""

    weights: Weights
    score: float


@dataclass(frozen=True, slots=True)
class Soup:
    """Which of the ingredients, by their place, are in the soup, and how it validated."""

    taken: tuple[int, ...]
    score: float


def make_soup(model: nn.Module, found: Sequence[Ingredient], kind: Kind, validate: Callable[[], float]) -> Soup:
    """Sets the parameters of `model` to the mean of `found`, and returns what went into it.

    `uniform` takes all. `greedy` begins with the one that validated best and takes each further one, best first, if
    the mean with it validates no worse: the soup is never worse on validation than its best ingredient.
    """
    order = sorted(range(len(found)), key=lambda place: (-found[place].score, place))
    if kind == "uniform":
        _set(model, _mean([found[place].weights for place in order]))
        return Soup(tuple(sorted(order)), validate())
    taken, score = [order[0]], found[order[0]].score
    for place in order[1:]:
        _set(model, _mean([found[one].weights for one in (*taken, place)]))
        tried = validate()
        if tried >= score:
            taken, score = [*taken, place], tried
    _set(model, _mean([found[place].weights for place in taken]))
    return Soup(tuple(sorted(taken)), score)


def _mean(several: Sequence[Weights]) -> Weights:
    """One alone comes out exactly as it is."""
    if len(several) == 1:
        return several[0]
    return {name: torch.stack([one[name].float() for one in several]).mean(dim=0) for name in several[0]}


@torch.no_grad()
def _set(model: nn.Module, weights: Weights) -> None:
    parameters = dict(model.named_parameters())
    for name, value in weights.items():
        parameters[name].copy_(value)
