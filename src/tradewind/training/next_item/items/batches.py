"""The batches of an item-level run: people at random, packed into rows, with negatives that the batch shares."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from tradewind.tasks.next_item.sequences import Sequences
from tradewind.training.next_item.items.packing import pack

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ItemBatches:
    """`count` batches of `size` sequences each; epochs follow one another, each in an order of its own.

    A batch is a function of its number and the seed, so that a run that goes on after a cut meets the same ones.
    """

    sequences: Sequences
    items: int
    length: int
    size: int
    negatives: int
    count: int
    seed: int

    @property
    def in_an_epoch(self) -> int:
        """How many batches go once through all sequences."""
        return max(1, -(-len(self.sequences) // self.size))

    def of(self, count: int) -> ItemBatches:
        """Returns the same batches, `count` of them."""
        return replace(self, count=count if len(self.sequences) else 0)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        epoch, batch = divmod(place, self.in_an_epoch)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.sequences))
        chosen = self.sequences.chosen(order[batch * self.size : (batch + 1) * self.size]).newest(self.length + 1)
        before = chosen.first(chosen.lengths - 1)
        packing = pack(before, self.length)
        opens = np.ones(len(chosen.items), dtype=bool)
        opens[chosen.starts[:-1]] = False
        wrong = np.random.default_rng((self.seed, epoch, batch)).permutation(self.items)[: self.negatives]
        return {
            **packing.packed._asdict(),
            "asked": packing.flat,
            "right": torch.from_numpy(chosen.items[opens]),
            "wrong": torch.from_numpy(np.sort(wrong)),
        }


def learnable(sequences: Sequences) -> Sequences:
    """Returns the sequences with at least two items: one to see, one to foretell."""
    return sequences.chosen(np.flatnonzero(sequences.lengths >= 2))
