"""Encodes text by a table of token vectors, without a graph and without torch: many times faster than a transformer.

    static.safetensors   `rows` int8 (tokens, dimension) and `scale` float32 (tokens,): a token's vector is row · scale
                         `role.NAME` float32 (dimension,) for each role of the facts: what every text has in that role

A text's vector is the mean of its tokens' vectors plus its role's, brought to length 1. Words have no order in it. The
table is mapped from disk, so that several processes share its pages and a query touches a few rows of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from tradewind.errors import ArtefactError, NotFoundError
from tradewind.runtime.bundle import TOKENIZER_FILE, EncoderFacts, Role
from tradewind.runtime.encoder import cut
from tradewind.runtime.role_map import read_role_map
from tradewind.runtime.tensors import open_tensors
from tradewind.runtime.tokens import TextTokens
from tradewind.telemetry import Progress

TABLE_FILE: Final = "static.safetensors"
ROWS, SCALE, ROLE = "rows", "scale", "role."
CHUNK_TEXTS: Final = 1024
SHORTEST: Final = np.float32(1e-12)


class StaticEncoder:
    """An encoder whose bundle is a table; it may be shared by several threads. `threads` are not needed: one text is
    too little work to be parted."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._facts = EncoderFacts.read(folder)
        self._tokens = TextTokens(folder / TOKENIZER_FILE, self._facts.max_tokens)
        self._together = read_role_map(folder, self._facts.whole)
        tensors: dict[str, np.ndarray] = {
            name: np.asarray(array) for name, array in open_tensors(folder / TABLE_FILE).items()
        }
        try:
            self._rows: np.ndarray = tensors[ROWS]
            self._scale: np.ndarray = tensors[SCALE].reshape(-1, 1)
            self._roles = {role: np.array(tensors[ROLE + role], np.float32) for role in self._facts.prefixes}
        except KeyError as error:
            raise ArtefactError(f"the table has no {error}", where=str(folder / TABLE_FILE)) from None
        self._require_shapes(folder)

    @property
    def dimension(self) -> int:
        """The width of the vectors."""
        return self._facts.dimension

    def encode(self, texts: Sequence[str], role: Role) -> np.ndarray:
        """Returns float32 (texts, dimension), each row of length 1 and independent of the other texts.

        Raises NotFoundError for a role that the encoder does not have.
        """
        if role not in self._roles:
            raise NotFoundError(f"the encoder has no role {role!r}", hint=f"it has: {', '.join(self._roles)}")
        vectors = np.empty((len(texts), self._facts.whole), np.float32)
        for row, ids in enumerate(self._tokens.ids(texts, self._facts.prefixes[role])):
            vectors[row] = self._vector(ids, self._roles[role])
        vectors = self._together.apply(vectors) if self._together and role == "together" else vectors
        return cut(vectors, self.dimension)

    def encode_each(self, texts: Sequence[str], role: Role, workers: int, progress: Progress) -> np.ndarray:
        """Returns the same as `encode`, by `workers` threads; `progress` advances by the texts that are done."""
        starts = range(0, len(texts), CHUNK_TEXTS)
        parts = []
        with ThreadPoolExecutor(workers, thread_name_prefix="encode") as pool:
            for part in pool.map(lambda start: self.encode(texts[start : start + CHUNK_TEXTS], role), starts):
                parts.append(part)
                progress.advance(len(part))
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), np.float32)

    def _vector(self, ids: Sequence[int], role: np.ndarray) -> np.ndarray:
        vector = role
        if ids:
            vector = (self._rows[ids] * self._scale[ids]).sum(axis=0) / np.float32(len(ids)) + role
        unit: np.ndarray = vector / max(np.sqrt(vector @ vector), SHORTEST)
        return unit

    def _require_shapes(self, folder: Path) -> None:
        width = self._facts.whole
        fits = self._rows.ndim == 2 and self._rows.shape[1] == width and len(self._scale) == len(self._rows)
        if not fits or any(vector.shape != (width,) for vector in self._roles.values()):
            raise ArtefactError(f"a table that does not fit {width} dimensions", where=str(folder / TABLE_FILE))
        if self._tokens.vocabulary > len(self._rows):
            what = f"{self._tokens.vocabulary} tokens are more than the table's {len(self._rows)} rows"
            raise ArtefactError(what, where=str(folder / TABLE_FILE))
