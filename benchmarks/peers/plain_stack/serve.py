"""Answers queries as a plain stack would, one JSON text a line in and one out.

    python serve.py --model FOLDER --texts texts.json --vectors vectors.npy [--prefix "query: "]

It first prints {"ready": …}; then for every line ["query", k] it prints
{"ms": …, "cpu_ms": …, "rows": [...]}; an empty line ends it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import bm25s
import faiss
import numpy as np
import torch
from sentence_transformers import SentenceTransformer

DEPTH = 100
SMOOTHING = 60


def build(model_folder: str, texts: list[str], vectors: np.ndarray, prefix: str) -> Callable[[str, int], list[int]]:
    """Returns a function from (query, k) to the rows of the best `k` texts."""
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    encoder = SentenceTransformer(model_folder, device="cpu", model_kwargs={"dtype": "float32"})
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    words = bm25s.BM25()
    words.index(bm25s.tokenize(texts, show_progress=False), show_progress=False)

    def answer(query: str, k: int) -> list[int]:
        vector = encoder.encode([prefix + query], normalize_embeddings=True, show_progress_bar=False)
        _, near = flat.search(vector, DEPTH)
        tokens = bm25s.tokenize([query], show_progress=False)
        matched, scores = words.retrieve(tokens, k=DEPTH, show_progress=False)
        lists = [
            near[0].tolist(),
            [row for row, score in zip(matched[0].tolist(), scores[0], strict=True) if score > 0],
        ]
        fused: dict[int, float] = {}
        for rows in lists:
            for rank, row in enumerate(rows, start=1):
                fused[row] = fused.get(row, 0.0) + 1.0 / (SMOOTHING + rank)
        return sorted(fused, key=lambda row: (-fused[row], row))[:k]

    return answer


def main() -> None:
    """Reads the catalogue, then answers until an empty line."""
    options = argparse.ArgumentParser(description=__doc__)
    for name in ("--model", "--texts", "--vectors"):
        options.add_argument(name, required=True)
    options.add_argument("--prefix", default="")
    given = options.parse_args()
    texts = json.loads(Path(given.texts).read_text(encoding="utf-8"))
    answer = build(given.model, texts, np.load(given.vectors), given.prefix)
    print(json.dumps({"ready": True, "items": len(texts), "python": sys.version.split()[0]}), flush=True)
    for line in iter(sys.stdin.readline, "\n"):
        if not line:
            return
        query, k = json.loads(line)
        started, used = time.perf_counter(), time.process_time()
        rows = answer(query, k)
        used, spent = time.process_time() - used, time.perf_counter() - started
        print(json.dumps({"ms": spent * 1000.0, "cpu_ms": used * 1000.0, "rows": rows}), flush=True)


if __name__ == "__main__":
    main()
