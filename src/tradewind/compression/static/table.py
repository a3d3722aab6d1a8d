"""The table of token vectors before texts have tuned it, and what becomes of the tokens that no text holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.compression.static.token_vectors import Floats, fitted, mapped, rarity, token_vectors, word_table
from tradewind.models.bi_encoder import BiEncoder
from tradewind.telemetry import Progress


@dataclass(frozen=True, slots=True, eq=False)
class TokenTable:
    """`start` (v, d): a vector for every token; `seen`: the tokens that texts hold; `place` (v,): theirs among them."""

    seen: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    start: Floats

    def with_unseen(self, tuned: Floats) -> Floats:
        """Returns the rows (v, d) with those of `seen` as they were tuned, and the others where their like went."""
        rows = mapped(self.start, fitted(self.start[self.seen], tuned))
        rows[self.seen] = tuned
        return rows


def tokens_of(encoder: BiEncoder, texts: Sequence[str]) -> dict[str, list[int]]:
    """Returns the token ids of each text, with nothing before it."""
    distinct = list(dict.fromkeys(texts))
    return {text: found.ids for text, found in zip(distinct, encoder.tokenizer.encode_batch(distinct), strict=True)}


def first_table(
    encoder: BiEncoder, tokens: Mapping[str, Sequence[int]], axes: Floats, read_tokens: int, progress: Progress
) -> TokenTable:
    """Returns the table that the encoder's own vectors give, on `axes` (width, d), each token weighed by its rarity.

    `read_tokens` of them are read by the encoder, those of the texts first; the vectors of the others come from a
    linear map of its word table, fitted on those that were read.
    """
    words = word_table(encoder)
    seen = np.unique(np.fromiter((token for ids in tokens.values() for token in ids), np.int64))
    others = np.setdiff1d(np.arange(len(words)), seen)[: max(0, read_tokens - len(seen))]
    read = np.concatenate([seen, others])
    vectors = token_vectors(encoder, read.tolist(), progress)
    start = vectors if len(read) == len(words) else mapped(words, fitted(words[read], vectors))
    start[read] = vectors
    # What all tokens share says nothing of a text; the vectors of roles hold it.
    centred = (start - start[read].mean(axis=0)) @ axes
    place = np.full(len(words), -1, np.int64)
    place[seen] = np.arange(len(seen))
    weighed = centred * rarity(list(tokens.values()), len(words))[:, None]
    return TokenTable(seen, place, np.asarray(weighed, np.float32))
