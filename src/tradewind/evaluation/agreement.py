"""How far two encoders answer alike: the order of all answers to a question, and who stands first."""

from __future__ import annotations

import numpy as np


def rank_correlation(before: np.ndarray, after: np.ndarray) -> float:
    """Returns the mean of Spearman's correlation over the rows of two score matrices of one shape."""
    ranks = [np.argsort(np.argsort(scores, axis=1), axis=1).astype(np.float64) for scores in (before, after)]
    first, second = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return float(((first * second).sum(axis=1) / spread).mean())


def first_overlap(before: np.ndarray, after: np.ndarray, k: int) -> float:
    """Returns the mean share of each row's `k` highest columns that are the same in both score matrices."""
    k = min(k, before.shape[1])
    pairs = zip(np.argsort(-before, axis=1)[:, :k], np.argsort(-after, axis=1)[:, :k], strict=True)
    return float(np.mean([len(np.intersect1d(first, second)) / k for first, second in pairs]))
