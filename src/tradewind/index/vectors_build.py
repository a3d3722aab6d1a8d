"""Writes the vector index of a catalogue."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tradewind.index.arrays import group_by_code, save_array, save_json
from tradewind.index.graph import write_graph
from tradewind.index.quantise import to_int8, unit_length
from tradewind.telemetry import Progress

GRAPH_FROM = 2_000
"""Fewer distinct vectors are scanned; a graph would not be faster."""
_BLOCK = 4_096


def write_vectors(folder: Path, vectors: NDArray[np.float32], order: NDArray[np.int64], progress: Progress) -> None:
    """Writes row r's vector `vectors[order[r]]`, each distinct one once, in float16 and int8 and as a graph."""
    text_of, firsts = distinct(vectors, order)
    members, starts = group_by_code(text_of, len(firsts))
    save_array(folder, "text_of", text_of)
    save_array(folder, "text_members", members)
    save_array(folder, "text_starts", starts)
    dimension, count = vectors.shape[1], len(firsts)
    codes = np.lib.format.open_memmap(folder / "vectors_int8.npy", "w+", np.int8, (count, dimension))
    precise = np.lib.format.open_memmap(folder / "vectors_float16.npy", "w+", np.float16, (count, dimension))
    for start in range(0, count, _BLOCK):
        block = unit_length(vectors[firsts[start : start + _BLOCK]])
        codes[start : start + _BLOCK], precise[start : start + _BLOCK] = to_int8(block), block.astype(np.float16)
    codes.flush()
    precise.flush()
    graph = count >= GRAPH_FROM
    if graph:
        write_graph(folder / "vectors.usearch", codes, progress.advance)
    save_json(folder, "vectors", {"dimension": dimension, "distinct": count, "graph": graph})


def write_together(folder: Path, vectors: NDArray[np.float32], order: NDArray[np.int64]) -> None:
    """Writes the vectors of role `together`, row by row, each distinct one once and in float16."""
    kind_of, firsts = distinct(vectors, order)
    save_array(folder, "together_of", kind_of)
    save_array(folder, "together_float16", unit_length(vectors[firsts]).astype(np.float16))


def distinct(vectors: NDArray[np.float32], order: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Returns (code of each ordered row, first place in `vectors` of each code); codes count up with the rows."""
    seen: dict[bytes, int] = {}
    codes, firsts = np.empty(len(order), dtype=np.int32), list[int]()
    for row, place in enumerate(order):
        key = blake2b(vectors[place].tobytes(), digest_size=16).digest()
        code = seen.setdefault(key, len(firsts))
        if code == len(firsts):
            firsts.append(int(place))
        codes[row] = code
    return codes, np.asarray(firsts, dtype=np.int64)
