"""A linear tagger over hashed clues with a chain on it: the baseline, and the half of ours that learns by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tradewind.evaluation.entities import entity_f1
from tradewind.tasks.tag.clues import READERS, Reader, hashed
from tradewind.tasks.tag.entities import TaggedText, label_names, labels_of
from tradewind.tasks.tag.linear import LinearTagger
from tradewind.tasks.tag.mixture import Scores, decoded
from tradewind.tasks.tag.units import units_of
from tradewind.training.tag.crf import LinearChain

BITS: Final = 20
"""Clues become numbers below 2**20; two may share one."""
Row = list[npt.NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class ClueSettings:
    """`dropout` is the share of clues that a step does not see, so that a title is not learned by one of them."""

    epochs: int = 8
    batch_size: int = 32
    learning_rate: float = 0.1
    dropout: float = 0.2
    seed: int = 13


class ClueTagger(nn.Module):
    """A score for each clue and label, summed over a unit's clues, and a chain over units."""

    def __init__(self, kinds: tuple[str, ...], readers: Sequence[Reader]) -> None:
        super().__init__()
        self.kinds = kinds
        self.readers = tuple(readers)
        labels = len(label_names(kinds))
        self.weights = nn.EmbeddingBag(1 << BITS, labels, mode="sum", sparse=True)
        self.chain = LinearChain(labels)
        nn.init.zeros_(self.weights.weight)

    @torch.no_grad()
    def served(self) -> LinearTagger:
        """Returns it as it is read without torch: the weights of clues that were seen, in half precision. Raises
        KeyError for a reader that is not one of READERS."""
        weights = self.weights.weight
        rows = torch.nonzero(weights.abs().sum(1)).flatten()
        names = {id(reader): name for name, reader in READERS.items()}
        return LinearTagger(
            tuple(names[id(reader)] for reader in self.readers),
            BITS,
            rows.numpy().astype(np.int32),
            weights[rows].numpy().astype(np.float16),
            self.chain.transitions.numpy().astype(np.float32),
        )

    def read(self, text: str) -> Row:
        """Returns the numbers of the clues of each unit."""
        return hashed(self.readers, text, BITS)

    def unit_scores(self, row: Row) -> torch.Tensor:
        """Returns (units, labels) for what `read` gave, of one text or of several one after another."""
        sizes = np.array([len(clues) for clues in row], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        found: torch.Tensor = self.weights(torch.from_numpy(np.concatenate(row)), torch.from_numpy(starts))
        return found

    @torch.no_grad()
    def log_probabilities(self, text: str) -> Scores:
        """Returns log p (units, labels) of each unit's label, whatever the others are."""
        row = self.read(text)
        if not row:
            return np.zeros((0, len(label_names(self.kinds))))
        return self.chain.marginals(self.unit_scores(row)).double().numpy()


def fit_clues(tagger: ClueTagger, texts: Sequence[TaggedText], settings: ClueSettings) -> ClueTagger:
    """Teaches the tagger `texts` by AdaGrad and returns it with the mean of its weights over the later half's epochs.

    AdaGrad: Duchi, Hazan and Singer, JMLR 12, 2011; it gives rare clues larger steps.
    """
    random = np.random.default_rng(settings.seed)
    rows = [tagger.read(text.text) for text in texts]
    kept = [place for place, row in enumerate(rows) if row]
    labels = [labels_of(text, units_of(text.text), tagger.kinds) for text in texts]
    optimiser = torch.optim.Adagrad(tagger.parameters(), lr=settings.learning_rate)
    means = {name: torch.zeros_like(value) for name, value in tagger.named_parameters()}
    averaged = max(1, settings.epochs // 2)
    for epoch in range(settings.epochs):
        order = random.permutation(kept)
        for start in range(0, len(order), settings.batch_size):
            batch = order[start : start + settings.batch_size]
            shown = [[_some(clues, settings.dropout, random) for clues in rows[place]] for place in batch]
            optimiser.zero_grad()
            _loss(tagger, shown, [labels[place] for place in batch]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        if epoch >= settings.epochs - averaged:
            for name, value in tagger.named_parameters():
                means[name] += value.detach() / averaged
    with torch.no_grad():
        for name, value in tagger.named_parameters():
            value.copy_(means[name])
    return tagger


def clue_f1(tagger: ClueTagger, texts: Sequence[TaggedText]) -> float:
    """Returns the F1 of whole entities on `texts`."""
    found = [decoded(tagger.log_probabilities(text.text), units_of(text.text), tagger.kinds) for text in texts]
    return entity_f1([text.entities for text in texts], found)


def _some(clues: npt.NDArray[np.int64], dropout: float, random: np.random.Generator) -> npt.NDArray[np.int64]:
    return clues[random.random(len(clues)) >= dropout] if dropout else clues


def _loss(tagger: ClueTagger, rows: Sequence[Row], labels: Sequence[npt.NDArray[np.int64]]) -> torch.Tensor:
    scores = tagger.unit_scores([clues for row in rows for clues in row])
    sizes = [len(row) for row in rows]
    padded = nn.utils.rnn.pad_sequence(list(torch.split(scores, sizes)), batch_first=True)
    wanted = nn.utils.rnn.pad_sequence([torch.from_numpy(label) for label in labels], batch_first=True)
    mask = torch.arange(padded.shape[1])[None, :] < torch.tensor(sizes)[:, None]
    found: torch.Tensor = tagger.chain(padded, wanted, mask)
    return found
