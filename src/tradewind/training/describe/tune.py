"""Tunes a causal model on a shop's own descriptions; only the description is learned, never its brief."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, linear

from tradewind.errors import DataError
from tradewind.models.generator.causal import CausalModel
from tradewind.tasks.describe.brief import Brief
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training.batches import by_length
from tradewind.training.plan import Plan
from tradewind.training.trainer import Curves, Objective, fit, forget
from tradewind.training.tuning import Parts, method

LINEARS: Final = (
    *("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
    *("query_key_value", "Wqkv", "qkv_proj", "out_proj", "dense", "fc1", "fc2", "dense_h_to_4h", "dense_4h_to_h"),
)
"""What the linear layers of causal families are called: low-rank adapters go on those that are there."""
_IGNORED: Final = -100


@dataclass(frozen=True, slots=True)
class Example:
    """A brief and what the shop wrote about it."""

    brief: Brief
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a run looked like, and how likely the shop's own texts were to the model before and after."""

    curves: Curves
    untuned: float
    tuned: float


@dataclass(frozen=True, slots=True)
class _Row:
    ids: list[int]
    told: int

    @property
    def text(self) -> list[int]:
        return self.ids[self.told :]


class Telling(Objective):
    """Cross-entropy of the description's tokens over `vocabulary` alone, which must hold all of them."""

    def __init__(self, active: nn.Module, causal: CausalModel, vocabulary: torch.Tensor) -> None:
        super().__init__()
        self.active = active
        # Held in a tuple: registered twice, every parameter would have two names.
        self._parts = (causal, vocabulary)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}; `target` (n, tokens): places in the vocabulary, −100 where nothing is learned."""
        causal, vocabulary = self._parts
        states = causal.states({"input_ids": ids, "attention_mask": mask}).last_hidden_state
        learned = target != _IGNORED
        weight, bias = causal.head(vocabulary)
        return {"loss": cross_entropy(linear(states[learned], weight, bias), target[learned])}


class _Batches:
    def __init__(self, rows: Sequence[_Row], vocabulary: torch.Tensor, batches: Sequence[Any], filler: int) -> None:
        self._rows = rows
        self._vocabulary = vocabulary
        self._batches = batches
        self._filler = filler

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        rows = [self._rows[number] for number in self._batches[place]]
        width = max(len(row.ids) for row in rows)
        ids = torch.full((len(rows), width), self._filler)
        mask, target = torch.zeros_like(ids), torch.full_like(ids, _IGNORED)
        for line, row in enumerate(rows):
            ids[line, : len(row.ids)] = torch.tensor(row.ids)
            mask[line, : len(row.ids)] = 1
            # What stands before a token has to tell it: targets lie one place earlier.
            places = torch.searchsorted(self._vocabulary, torch.tensor(row.text))
            target[line, row.told - 1 : len(row.ids) - 1] = places
        return {"ids": ids, "mask": mask, "target": target}


def tune(
    causal: CausalModel,
    learned: Sequence[Example],
    watched: Sequence[Example],
    plan: Plan,
    out: Path,
    *,
    progress: Progress | None = None,
) -> Told:
    """Tunes `causal` in place, validated by the likelihood of a token of `watched` (the geometric mean over a text's).

    Raises DataError when either side is empty, ConfigError for a method that the model cannot take.
    """
    if not learned or not watched:
        raise DataError("describe needs texts to learn from and texts to validate on")
    rows, seen = _rows(causal, learned), _rows(causal, watched)
    vocabulary = torch.tensor(sorted({token for row in [*rows, *seen] for token in row.text}))
    torch.manual_seed(plan.seed)
    tuning = method(plan.method)
    active = tuning.prepare(causal.model, Parts(head=(), frozen=_word_table(causal), adaptable=LINEARS))
    objective = Telling(active, causal, vocabulary)
    lengths = np.array([len(row.ids) for row in rows])
    batches = by_length(lengths, count=plan.batches, size=plan.batch_size, seed=plan.seed)
    everything = _Batches(seen, vocabulary, [[place] for place in range(len(seen))], causal.end)
    untuned = _likelihood(objective, everything)
    curves = fit(
        objective,
        _Batches(rows, vocabulary, batches, causal.end),
        plan,
        out,
        validate=lambda: _likelihood(objective, everything),
        watched="token likelihood",
        progress=progress or SilentProgress(),
        identity=_identity(rows),
    )
    tuned = _likelihood(objective, everything)
    tuning.finish(active)
    causal.model.eval()
    forget(out)
    return Told(curves, untuned, tuned)


def split_examples(
    examples: Iterable[Example], share: float, seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Returns examples to learn from and to validate on; all texts about an item fall on the same side."""
    sides: tuple[list[Example], list[Example]] = ([], [])
    for example in examples:
        digest = hashlib.sha256(f"{seed}/{example.brief.item.id}".encode()).digest()
        sides[int.from_bytes(digest[:8], "big") / 2**64 < share].append(example)
    return tuple(sides[0]), tuple(sides[1])


@torch.no_grad()
def _likelihood(objective: Telling, rows: _Batches) -> float:
    objective.eval()
    losses = [float(objective(**rows[place])["loss"]) for place in range(len(rows))]
    return math.exp(-sum(losses) / len(losses))


def _rows(causal: CausalModel, examples: Sequence[Example]) -> list[_Row]:
    made = []
    for example in examples:
        told = causal.prompt_ids(example.brief)
        made.append(_Row([*told, *causal.text_ids(example.brief, example.text)], len(told)))
    return made


def _word_table(causal: CausalModel) -> tuple[str, ...]:
    """A few hundred texts say little about a word table of many thousand rows."""
    tables = {id(causal.model.get_input_embeddings()), id(causal.model.get_output_embeddings())}
    return tuple(name for name, module in causal.model.named_modules() if id(module) in tables)


def _identity(rows: Sequence[_Row]) -> str:
    return hashlib.sha256(repr([row.ids for row in rows]).encode()).hexdigest()
