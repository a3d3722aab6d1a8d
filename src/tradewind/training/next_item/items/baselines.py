"""What needs no training: chance, popularity, what others took with a history's items, and what reads like them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sparse

from tradewind.tasks.next_item.sequences import Sequences
from tradewind.training.next_item.items.answers import Score

Floats = npt.NDArray[np.float32]
FADE = 0.7
"""How much less each older item of a history says to its neighbours than the one after it."""


def by_chance(items: int, seed: int) -> Score:
    """Returns what scores at random."""
    random = np.random.default_rng(seed)
    return lambda histories: random.random((len(histories), items), dtype=np.float32)


def by_popularity(learn: Sequences, items: int) -> Score:
    """Returns what scores every item by how often it was taken."""
    share = learn.purchases(items).astype(np.float32)
    return lambda histories: np.tile(share, (len(histories), 1))


def by_neighbours(learn: Sequences, items: int, fade: float = FADE) -> Score:
    """Returns item-kNN: the cosine of who took two items, summed over a history, each older item `fade` as loud.

    With `fade` 0 it is the co-occurrence with the last item alone (Sarwar et al., WWW 2001).
    """
    taken = sparse.csr_matrix(
        (np.ones(len(learn.items), np.float32), (learn.owners, learn.items)), shape=(len(learn), items)
    )
    taken.data[:] = 1.0
    norm = np.sqrt(np.maximum(np.asarray(taken.sum(axis=0)).ravel(), 1.0)).astype(np.float32)
    unit = sparse.csr_matrix(taken @ sparse.diags(1.0 / norm))
    cosine = sparse.csr_matrix(unit.T @ unit)
    cosine.setdiag(0.0)

    return lambda histories: np.asarray((_profile(histories, items, fade) @ cosine).todense(), dtype=np.float32)


def by_likeness(text: Floats, fade: float = FADE) -> Score:
    """Returns the cosine of each item's text vector with a history's, summed, each older item `fade` as loud.

    `text` (items, w) is whitened: unwhitened, the vectors of a language model are all much alike.
    """
    unit = text / np.maximum(np.linalg.norm(text, axis=1, keepdims=True), 1e-9)
    return lambda histories: np.asarray((_profile(histories, len(unit), fade) @ unit) @ unit.T, dtype=np.float32)


def _profile(histories: Sequences, items: int, fade: float) -> sparse.csr_matrix:
    back = np.repeat(histories.starts[1:], histories.lengths) - 1 - np.arange(len(histories.items))
    weight = np.power(np.float32(fade), back)
    return sparse.csr_matrix((weight, (histories.owners, histories.items)), shape=(len(histories), items))
