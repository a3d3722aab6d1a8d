"""Encodes text into unit vectors with an exported encoder, without torch.

Texts are run in batches of one length each, so that nothing is padded: a text's vector is the same, bit for bit,
alone and in any company.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from tradewind.errors import NotFoundError
from tradewind.runtime.bundle import INPUT, MODEL_FILE, OUTPUT, TOKENIZER_FILE, EncoderFacts, Role
from tradewind.runtime.role_map import read_role_map
from tradewind.runtime.session import open_session
from tradewind.runtime.tokens import TextTokens
from tradewind.telemetry import Progress

BATCH_TOKENS: Final = 512
"""Tokens of one run: more no longer saves time, and would leave the processor's cache."""
SHORTEST: Final = 1e-12
CHUNK_TEXTS: Final = 8192
"""Texts that are cut into tokens at a time, so that a long catalogue never lies in memory as tokens."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Texts of one length: `ids` (texts, tokens), and the row of the answer that each belongs to."""

    ids: np.ndarray
    rows: np.ndarray


class TextEncoder(Protocol):
    """Turns texts into unit vectors; a text's vector never depends on the texts beside it."""

    @property
    def dimension(self) -> int:
        """The width of the vectors."""

    def encode(self, texts: Sequence[str], role: Role) -> np.ndarray:
        """Returns float32 (texts, dimension). Raises NotFoundError for a role that the encoder does not have."""

    def encode_each(self, texts: Sequence[str], role: Role, workers: int, progress: Progress) -> np.ndarray:
        """Returns the same as `encode`, by `workers` threads; `progress` advances by the texts that are done."""


class LengthBatchedEncoder(ABC):
    """An encoder that runs a bundle's graph over texts of one length at a time.

    One may be shared by several threads; each run uses as many threads of the processor as it was opened with.
    """

    def __init__(self, folder: Path) -> None:
        self._facts = EncoderFacts.read(folder)
        self._tokens = TextTokens(folder / TOKENIZER_FILE, self._facts.max_tokens)
        self._together = read_role_map(folder, self._facts.whole)

    @abstractmethod
    def _graph(self, ids: np.ndarray) -> np.ndarray:
        """Returns the float32 vectors (texts, width) of `ids` (texts, tokens); called from several threads at once."""

    @property
    def dimension(self) -> int:
        """The width of the vectors."""
        return self._facts.dimension

    def encode(self, texts: Sequence[str], role: Role) -> np.ndarray:
        """Returns float32 (texts, dimension), each row of length 1 and independent of the other texts.

        Raises NotFoundError for a role that the encoder was not exported with.
        """
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for batch in self._batches(texts, role):
            vectors[batch.rows] = self._run(batch, role)
        return vectors

    def encode_each(self, texts: Sequence[str], role: Role, workers: int, progress: Progress) -> np.ndarray:
        """Returns the same as `encode`, by `workers` threads; `progress` advances by the texts that are done."""
        vectors = np.empty((len(texts), self.dimension), np.float32)

        def fill(batch: _Batch) -> int:
            vectors[batch.rows] = self._run(batch, role)
            return len(batch.rows)

        with ThreadPoolExecutor(workers, thread_name_prefix="encode") as pool:
            for start in range(0, len(texts), CHUNK_TEXTS):
                chunk = texts[start : start + CHUNK_TEXTS]
                for done in pool.map(fill, list(self._batches(chunk, role, first_row=start))):
                    progress.advance(done)
        return vectors

    def _batches(self, texts: Sequence[str], role: Role, first_row: int = 0) -> Iterator[_Batch]:
        rows_of: dict[int, list[int]] = defaultdict(list)
        ids = self._tokens.ids(texts, self._prefix(role))
        for row, tokens in enumerate(ids):
            rows_of[len(tokens)].append(row)
        for length in sorted(rows_of):
            for rows in _chunked(rows_of[length], max(1, BATCH_TOKENS // max(length, 1))):
                yield _Batch(np.array([ids[row] for row in rows], np.int64), np.array(rows) + first_row)

    def _run(self, batch: _Batch, role: Role) -> np.ndarray:
        vectors = self._graph(batch.ids)
        vectors = self._together.apply(vectors) if self._together and role == "together" else vectors
        return cut(vectors, self.dimension)

    def _prefix(self, role: Role) -> str:
        if role not in self._facts.prefixes:
            raise NotFoundError(f"the encoder has no role {role!r}", hint=f"it has: {', '.join(self._facts.prefixes)}")
        return self._facts.prefixes[role]


class OnnxEncoder(LengthBatchedEncoder):
    """An exported encoder that ONNX Runtime runs on `threads` threads of the processor."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        super().__init__(folder)
        self._session = open_session(folder / MODEL_FILE, threads)

    def _graph(self, ids: np.ndarray) -> np.ndarray:
        vectors: np.ndarray = self._session.run([OUTPUT], {INPUT: ids})[0]
        return vectors


def cut(vectors: np.ndarray, dimension: int) -> np.ndarray:
    """Returns the first `dimension` numbers of each row (n, d) at length 1, float32; whole rows as they are.

    Kusupati et al., "Matryoshka Representation Learning" (2022), section 3. Each row is summed by itself.
    """
    if vectors.shape[1] == dimension:
        return vectors
    kept = np.ascontiguousarray(vectors[:, :dimension], dtype=np.float32)
    lengths = np.sqrt((kept * kept).sum(axis=1, keepdims=True, dtype=np.float32))
    return np.asarray(kept / np.maximum(lengths, np.float32(SHORTEST)), dtype=np.float32)


def _chunked(rows: Iterable[int], size: int) -> Iterator[list[int]]:
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk
