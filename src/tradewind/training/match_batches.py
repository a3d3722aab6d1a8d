"""The batches of `match`: pairs of one kind at a time, by length, without false negatives that are known as such."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from tradewind.tasks.match import Pairs
from tradewind.tasks.scoring import Role
from tradewind.tasks.translations import Translated
from tradewind.training.batches import by_length
from tradewind.training.match_examples import MatchExamples
from tradewind.training.match_negatives import Hard
from tradewind.training.text_bank import TextBank

_WORDS = 16
_TRANSLATED = 48
Vectors = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Taught:
    """Chinese queries to learn, the untuned vectors `said` of their English, and how many texts are ranked."""

    pairs: Translated
    said: Vectors
    texts: int


@dataclass(slots=True)
class MatchBatches:
    """Tensors for `Contrast`, batch by batch. `kept` are untuned passage vectors, `words` untuned query ones."""

    bank: TextBank
    plan: list[tuple[Pairs, npt.NDArray[np.int64]]]
    kept: Vectors
    words: Vectors
    seed: int
    taught: Taught | None = None
    hard: Hard | None = None
    _known: dict[int, set[tuple[str, str]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.plan)

    def __getitem__(self, place: int) -> dict[str, Any]:
        pairs, rows = self.plan[place]
        asked, found = [pairs.anchors[row] for row in rows], [pairs.passages[row] for row in rows]
        anchors, anchors_mask = self.bank.batch(asked, cast(Role, pairs.role))
        passages, passages_mask = self.bank.batch(found, "passage")
        drawn = [
            list(self.words)[n] for n in np.random.default_rng((self.seed, place)).permutation(len(self.words))[:_WORDS]
        ]
        words, words_mask = self.bank.batch(drawn, "query")
        share = pairs.often[rows] / max(1, len(pairs)) if pairs.role == "together" else np.ones(len(rows))
        return (
            self._translated(place)
            | self._hard(pairs, rows)
            | {
                "anchors": anchors,
                "anchors_mask": anchors_mask,
                "passages": passages,
                "passages_mask": passages_mask,
                "log_share": torch.tensor(np.log(share), dtype=torch.float32),
                "same": self._no_negatives(pairs, asked, found),
                "kept": torch.from_numpy(np.stack([self.kept[text] for text in found])),
                "words": words,
                "words_mask": words_mask,
                "words_kept": torch.from_numpy(np.stack([self.words[text] for text in drawn])),
            }
        )

    def _hard(self, pairs: Pairs, rows: npt.NDArray[np.int64]) -> dict[str, Any]:
        if self.hard is None:
            return {}
        texts, places = self.hard.batch(pairs.role, rows)
        if not texts:
            return {}
        hard, mask = self.bank.batch(texts, "passage")
        return {"hard": hard, "hard_mask": mask, "hard_at": torch.from_numpy(places)}

    def _translated(self, place: int) -> dict[str, Any]:
        if self.taught is None:
            return {}
        pairs, random = self.taught.pairs, np.random.default_rng((self.seed, place, 1))
        drawn = random.permutation(len(pairs))[:_TRANSLATED]
        told, mask = self.bank.batch([pairs.queries[n] for n in drawn], "query")
        right = torch.zeros(len(drawn), self.taught.texts, dtype=torch.bool)
        for row, number in enumerate(drawn):
            right[row, torch.from_numpy(pairs.right[number])] = True
        said = np.stack([self.taught.said[pairs.said[n]] for n in drawn])
        return {"told": told, "told_mask": mask, "said": torch.from_numpy(said), "right": right}

    def _no_negatives(self, pairs: Pairs, asked: list[str], found: list[str]) -> torch.Tensor:
        """Marks the pairs (i, j), i ≠ j, where passage j is known to belong to anchor i."""
        known = self._known.setdefault(id(pairs), set(zip(pairs.anchors, pairs.passages, strict=True)))
        marked = torch.tensor([[(a, p) in known for p in found] for a in asked], dtype=torch.bool)
        return marked.fill_diagonal_(False)


def match_batches(
    bank: TextBank,
    examples: MatchExamples,
    kept: Vectors,
    words: Vectors,
    *,
    count: int,
    size: int,
    seed: int,
    said: Vectors | None = None,
    hard: Hard | None = None,
) -> MatchBatches:
    """Returns `count` batches, those of phrases spread evenly among those of things bought together."""
    kinds = [pairs for pairs in (examples.together, examples.phrases) if len(pairs)]
    total = sum(len(pairs) for pairs in kinds)
    plan: list[tuple[float, tuple[Pairs, npt.NDArray[np.int64]]]] = []
    for pairs in kinds:
        wanted = max(1, round(count * len(pairs) / total))
        lengths = bank.lengths(pairs.anchors, cast(Role, pairs.role)) + bank.lengths(pairs.passages, "passage")
        made = by_length(lengths, count=wanted, size=size, seed=seed, apart=(_codes(pairs.passages), pairs.group))
        plan += [((turn + 0.5) / len(made), (pairs, rows)) for turn, rows in enumerate(made)]
    ordered = [batch for _, batch in sorted(plan, key=lambda entry: entry[0])]
    batches = (ordered * (count // max(1, len(ordered)) + 1))[:count]
    taught = Taught(examples.translated, said, len(examples.validation.texts)) if said else None
    return MatchBatches(bank, batches, kept, words, seed, taught, hard)


def identity(examples: MatchExamples, *more: str) -> str:
    """Returns a hash of the pairs and of `more`, so that a run is only taken up on the examples it began with."""
    digest = hashlib.sha256("\n".join(more).encode())
    for pairs in (examples.together, examples.phrases):
        for anchor, passage in zip(pairs.anchors, pairs.passages, strict=True):
            digest.update(f"{anchor}\n{passage}\n".encode())
    digest.update("\n".join((*examples.translated.queries, *examples.translated.said)).encode())
    digest.update(examples.mapped.left.tobytes() + examples.mapped.right.tobytes())
    return digest.hexdigest()


def _codes(texts: tuple[str, ...]) -> npt.NDArray[np.int64]:
    return np.unique(np.array(texts, dtype=object), return_inverse=True)[1].astype(np.int64)
