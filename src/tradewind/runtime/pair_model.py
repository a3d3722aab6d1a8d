"""Runs an exported cross-encoder: two texts read as one, a linear head over what comes out, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from tradewind.errors import ArtefactError
from tradewind.runtime.bundle import HEAD_FILE, TOKENIZER_FILE, EncoderFacts
from tradewind.runtime.head import read_head
from tradewind.runtime.text_model import ESTIMATOR_FILE, read_config
from tradewind.runtime.token_graph import TokenGraph
from tradewind.runtime.tokens import LONGEST_PIECE

Pair = tuple[str, str]


class OnnxPairModel:
    """An exported estimator over pairs of texts; it may be shared by several threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        facts = EncoderFacts.read(folder)
        self._tokenizer = read_tokenizer(folder, facts.max_tokens)
        self._longest = facts.max_tokens * LONGEST_PIECE
        self._graph = TokenGraph(folder, threads)
        self._weight, self._bias = read_head(folder / HEAD_FILE, facts.dimension)
        self.config = read_config(folder / ESTIMATOR_FILE)

    def outputs(self, pairs: Sequence[Pair]) -> list[np.ndarray]:
        """Returns float32 (outputs,) for each pair, each independent of the others; the longer text is cut first."""
        cut = [(self._clean(first), self._clean(second)) for first, second in pairs]
        ids = [found.ids for found in self._tokenizer.encode_batch(cut)]
        return [np.asarray(self._weight @ vector + self._bias, np.float32) for vector in self._graph.run(ids)]

    def _clean(self, text: str) -> str:
        return text[: self._longest].encode("utf-8", "replace").decode("utf-8")


def read_tokenizer(folder: Path, max_tokens: int) -> Tokenizer:
    """Returns the bundle's tokeniser, which never pads and cuts at `max_tokens`. Raises ArtefactError for none."""
    path = folder / TOKENIZER_FILE
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise ArtefactError(f"not a tokenizer: {error}", where=str(path)) from None
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=max_tokens)
    return tokenizer
