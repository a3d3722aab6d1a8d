"""The graph of neighbours (usearch, HNSW over int8) and the plain scan beside it: the only file that knows the library.

Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical navigable small world
graphs" (2018).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime  # noqa: F401  loading it after usearch ends the process; before it, both work
from numpy.typing import NDArray
from usearch.index import Index
from usearch.index import search as exact_search

from tradewind.errors import ArtefactError

Codes = NDArray[np.int8]
Places = NDArray[np.int64]

CONNECTIVITY = 16
EXPANSION_ADD = 96
"""How many neighbours are weighed for each vector that is added."""
EXPANSION_SEARCH = 128
"""How many neighbours a search keeps in hand at least."""
BLOCK = 16_384


def write_graph(path: Path, codes: Codes, advance: Callable[[int], None]) -> None:
    """Writes the graph of the rows of `codes` (n, d) to `path`; a row of zeros has no direction and is left out.

    They are added in their order by one thread: the same vectors give the same graph.
    """
    graph = Index(ndim=codes.shape[1], metric="cos", dtype="i8", connectivity=CONNECTIVITY, expansion_add=EXPANSION_ADD)
    for start in range(0, len(codes), BLOCK):
        block = np.ascontiguousarray(codes[start : start + BLOCK])
        filled = np.flatnonzero(block.any(axis=1))
        graph.add(filled + start, block[filled], threads=1)
        advance(len(block))
    graph.save(str(path))


class Graph:
    """A memory-mapped graph. Thread-safe: one thread at a time searches, as the library's scratch space is shared."""

    def __init__(self, path: Path, dimension: int) -> None:
        self._index = Index(
            ndim=dimension, metric="cos", dtype="i8", expansion_search=EXPANSION_SEARCH, enable_key_lookups=False
        )
        self._lock = threading.Lock()
        try:
            self._index.view(str(path))
        except (RuntimeError, OSError) as error:
            what = f"the vector graph cannot be read: {error}"
            raise ArtefactError(what, where=str(path), hint="build the index again") from None

    def near(self, code: Codes, count: int) -> Places:
        """Returns about `count` places near to `code` (d,), nearest first."""
        with self._lock:
            found = self._index.search(code, count, threads=1)
        return np.asarray(found.keys, dtype=np.int64).reshape(-1)


def scan(codes: Codes, code: Codes, count: int, among: Places | None) -> Places:
    """Returns the `count` rows of `codes` (n, d) nearest to `code` (d,), looking at each of `among` (None: all)."""
    total = len(codes) if among is None else len(among)
    if total <= count:
        return np.arange(total, dtype=np.int64) if among is None else among
    found, distances = list[Places](), list[NDArray[np.float32]]()
    for start in range(0, total, BLOCK):
        stop = min(start + BLOCK, total)
        block = codes[start:stop] if among is None else codes[among[start:stop]]
        near = exact_search(np.ascontiguousarray(block), code, min(count, stop - start), "cos", exact=True, threads=1)
        places = np.asarray(near.keys, dtype=np.int64).reshape(-1) + start
        found.append(places if among is None else among[places])
        distances.append(np.asarray(near.distances, dtype=np.float32).reshape(-1))
    order = np.argsort(np.concatenate(distances), kind="stable")[:count]
    return np.asarray(np.concatenate(found)[order], dtype=np.int64)
