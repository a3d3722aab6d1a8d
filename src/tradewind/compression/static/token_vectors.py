"""Where the vectors of tokens start from, before any text is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.bi_encoder import BiEncoder
from tradewind.telemetry import Progress

Floats = npt.NDArray[np.float32]
_BATCH: Final = 512
RARE: Final = 1e-3
"""a of a / (a + p): a token of this share of all tokens counts half."""


@torch.no_grad()
def token_vectors(encoder: BiEncoder, tokens: Sequence[int], progress: Progress) -> Floats:
    """Returns the encoder's unit vectors (n, d) of single tokens, read between the marks that begin and end a text."""
    marks = encoder.tokenizer.encode("").ids
    before, after = marks[: len(marks) // 2], marks[len(marks) // 2 :]
    out = np.empty((len(tokens), encoder.dimension), np.float32)
    encoder.eval()
    progress.start("reading tokens", len(tokens))
    for start in range(0, len(tokens), _BATCH):
        part = tokens[start : start + _BATCH]
        ids = torch.tensor([[*before, token, *after] for token in part])
        out[start : start + len(part)] = encoder(ids, torch.ones_like(ids, dtype=torch.bool)).numpy()
        progress.advance(len(part))
    return out


def word_table(encoder: BiEncoder) -> Floats:
    """Returns the rows (v, width) that the encoder's first layer reads for every token."""
    table: torch.Tensor = encoder.model.get_input_embeddings().weight  # type: ignore[operator]
    return table.detach().numpy()


def fitted(inputs: Floats, outputs: Floats, penalty: float = 1e-2) -> Floats:
    """Returns the linear map (in + 1, out), a constant its last row, from `inputs` (n, in) to `outputs` (n, out).

    Ridge regression; `penalty` is a share of the inputs' mean square.
    """
    known = _with_constant(inputs).astype(np.float64)
    square = known.T @ known
    ridge = penalty * np.trace(square) / len(square) * np.eye(len(square))
    return np.asarray(np.linalg.solve(square + ridge, known.T @ outputs), np.float32)


def mapped(inputs: Floats, linear: Floats) -> Floats:
    """Returns what the map of `fitted` gives for `inputs`."""
    return np.asarray(_with_constant(inputs) @ linear, np.float32)


def principal_axes(vectors: Floats, dimension: int) -> Floats:
    """Returns the axes (d, dimension) that keep most of the `vectors`' length, not centred, so that products of vectors
    stay what they were as far as may be; the identity where nothing is cut."""
    if dimension == vectors.shape[1]:
        return np.eye(dimension, dtype=np.float32)
    square = vectors.astype(np.float64).T @ vectors
    axes = np.linalg.eigh(square)[1][:, ::-1][:, :dimension]
    return np.ascontiguousarray(axes, dtype=np.float32)


def unit(vectors: Floats) -> Floats:
    """Returns the vectors brought to length 1."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def rarity(tokens: Sequence[Sequence[int]], vocabulary: int) -> Floats:
    """Returns how much each token counts, float32 (vocabulary,): a / (a + p), p its share of all tokens of the texts.

    Arora, Liang and Ma, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings" (ICLR 2017), smooth inverse
    frequency.
    """
    counts = np.bincount(np.fromiter((token for ids in tokens for token in ids), np.int64), minlength=vocabulary)
    share = counts / max(1, counts.sum())
    return np.asarray(RARE / (RARE + share), np.float32)


def _with_constant(inputs: Floats) -> Floats:
    return np.concatenate([inputs, np.ones((len(inputs), 1), np.float32)], axis=1)
