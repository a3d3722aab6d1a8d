"""What passes through layers of an encoder while it reads texts, and what the loss owes to it.

The loss needs no labels: a text asked as a query has to find itself among the others as passages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tradewind.errors import DataError
from tradewind.models.bi_encoder import E5_PREFIXES, BiEncoder, load_bi_encoder, padded

FEWEST_TEXTS: Final = 8
SCALE: Final = 20.0
"""The inverse temperature at which a text is told from the others."""
_BATCH: Final = 32
Watch = Callable[[str, torch.Tensor, torch.Tensor], None]
"""A layer's name, what it read (n, t, width), zero where a text is over, and the loss's gradient there."""


def encoder_to_watch(checkpoint: Path, texts: Sequence[str], prefixes: Mapping[str, str] | None) -> BiEncoder:
    """Returns the encoder without dropout. Raises DataError when the texts are too few to judge its parts by."""
    if len(set(texts)) < FEWEST_TEXTS:
        raise DataError(f"{len(set(texts))} texts are too few to judge parts by", hint=f"give {FEWEST_TEXTS}, or more")
    encoder = load_bi_encoder(checkpoint, prefixes=prefixes or E5_PREFIXES)
    encoder.model.eval().requires_grad_(True)
    return encoder


def watch_layers(encoder: BiEncoder, names: Sequence[str], texts: Sequence[str], watch: Watch) -> None:
    """Runs `texts` batch by batch and calls `watch` for each layer of `names` (dotted, in the transformer), each batch.

    Texts travel in their order, in both roles, so that the same texts always give the same figures.
    """
    distinct = list(dict.fromkeys(texts))
    for start in range(0, len(distinct), _BATCH):
        part = distinct[start : start + _BATCH]
        if len(part) > 1:
            _watched(encoder, names, part, watch)


def _watched(encoder: BiEncoder, names: Sequence[str], texts: Sequence[str], watch: Watch) -> None:
    masks, vectors, read = [], [], []
    for role in ("query", "passage"):
        ids, mask = padded([torch.tensor(found) for found in encoder.tokens(texts, role)])
        with _kept(encoder.model, names) as kept:
            vectors.append(encoder(ids, mask))
        masks.append(mask)
        read.append(kept)
    logits = SCALE * vectors[0] @ vectors[1].T
    loss = cross_entropy(logits, torch.arange(len(logits)))
    values = [kept[name] for kept in read for name in names]
    gradients = torch.autograd.grad(loss, values)
    for place, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        there = masks[place // len(names)].unsqueeze(-1)
        watch(names[place % len(names)], (value * there).detach(), (gradient * there).detach())


@contextmanager
def _kept(model: nn.Module, names: Sequence[str]) -> Iterator[dict[str, torch.Tensor]]:
    kept: dict[str, torch.Tensor] = {}

    def keeper(name: str) -> Callable[[nn.Module, Any], None]:
        return lambda _, inputs: kept.__setitem__(name, inputs[0])

    hooks = [model.get_submodule(name).register_forward_pre_hook(keeper(name)) for name in names]
    try:
        yield kept
    finally:
        for hook in hooks:
            hook.remove()
