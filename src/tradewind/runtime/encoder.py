"""Encodes text into unit vectors with an exported encoder, without torch.

Texts are run in batches of one length each, so that nothing is padded: a text's vector is the same, bit for bit,
alone and in any company.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from tradewind.errors import NotFoundError
from tradewind.runtime.bundle import INPUT, MODEL_FILE, OUTPUT, TOKENIZER_FILE, EncoderFacts, Role
from tradewind.runtime.role_map import read_role_map
from tradewind.runtime.session import open_session
from tradewind.runtime.tokens import TextTokens
from tradewind.telemetry import Progress, SilentProgress

BATCH_TOKENS: Final = 512
"""Tokens of one run: more no longer saves time, and would leave the processor's cache."""
CHUNK_TEXTS: Final = 8192
"""Texts that are cut into tokens at a time, so that a long catalogue never lies in memory as tokens."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Texts of one length: `ids` (texts, tokens), and the row of the answer that each belongs to."""

    ids: np.ndarray
    rows: np.ndarray


class OnnxEncoder:
    """An exported encoder. One may be shared by several threads; each run uses `threads` of the processor."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._facts = EncoderFacts.read(folder)
        self._tokens = TextTokens(folder / TOKENIZER_FILE, self._facts.max_tokens)
        self._session = open_session(folder / MODEL_FILE, threads)
        self._together = read_role_map(folder, self._facts.dimension)

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
        vectors: np.ndarray = self._session.run([OUTPUT], {INPUT: batch.ids})[0]
        return self._together.apply(vectors) if self._together and role == "together" else vectors

    def _prefix(self, role: Role) -> str:
        if role not in self._facts.prefixes:
            raise NotFoundError(f"the encoder has no role {role!r}", hint=f"it has: {', '.join(self._facts.prefixes)}")
        return self._facts.prefixes[role]


def encode_distinct(
    folder: Path, texts: Sequence[str], role: Role, workers: int = 2, progress: Progress | None = None
) -> np.ndarray:
    """Returns float32 (texts, dimension) like `OnnxEncoder.encode`; identical texts are encoded once.

    `workers` threads share one session; `progress` is started with the number of distinct texts.
    """
    progress = progress or SilentProgress()
    row_of = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    progress.start("encode", len(row_of))
    vectors = OnnxEncoder(folder).encode_each(list(row_of), role, workers, progress)
    if len(row_of) == len(texts):
        return vectors
    return vectors[np.fromiter((row_of[text] for text in texts), np.int64, len(texts))]


def _chunked(rows: Iterable[int], size: int) -> Iterator[list[int]]:
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk
