"""Sequences packed side by side into rows of one width: a median sequence has six items, a row holds fifty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.item_sequence import PackedRows
from tradewind.tasks.next_item.sequences import Sequences

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Packing:
    """Where each item of some sequences went: `flat` (items,) is row · width + column, `last` (sequences,) that of a
    sequence's newest item."""

    packed: PackedRows
    flat: torch.Tensor
    last: torch.Tensor


def pack(sequences: Sequences, width: int) -> Packing:
    """Returns the sequences, none longer than `width` or empty, in rows that are filled in the order they come."""
    lengths = sequences.lengths
    row, column = _places(lengths, width)
    height = int(row.max(initial=-1)) + 1
    within = np.arange(len(sequences.items)) - np.repeat(sequences.starts[:-1], lengths)
    flat = np.repeat(row * width + column, lengths) + within
    items, ages = np.zeros(height * width, dtype=np.int64), np.zeros(height * width, dtype=np.int64)
    owner = np.full(height * width, -1, dtype=np.int64)
    items[flat] = sequences.items
    ages[flat] = np.repeat(lengths, lengths) - 1 - within
    owner[flat] = sequences.owners
    shaped = (torch.from_numpy(values.reshape(height, width)) for values in (items, ages, owner))
    return Packing(PackedRows(*shaped), torch.from_numpy(flat), torch.from_numpy(row * width + column + lengths - 1))


def _places(lengths: Rows, width: int) -> tuple[Rows, Rows]:
    row, column = np.zeros(len(lengths), dtype=np.int64), np.zeros(len(lengths), dtype=np.int64)
    height, filled = 0, 0
    for number, length in enumerate(lengths.tolist()):
        if filled + length > width:
            height, filled = height + 1, 0
        row[number], column[number] = height, filled
        filled += length
    return row, column
