"""BM25 over short texts: the lexical baseline that every text model is measured against."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np

_WORDS: Final = re.compile(r"[^\W_㐀-鿿]+|[㐀-鿿]+")


def words(text: str) -> list[str]:
    """Returns the lower-case words of `text`; a run of Chinese characters gives its overlapping pairs."""
    found: list[str] = []
    for part in _WORDS.findall(text.lower()):
        chinese = "㐀" <= part[0] <= "鿿"
        found += [part[i : i + 2] for i in range(max(1, len(part) - 1))] if chinese else [part]
    return found


class Bm25:
    """Scores texts by BM25, idf · tf / (tf + k1·(1 − b + b·length/mean length)), idf = ln(1 + (N − n + .5)/(n + .5)).

    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, with Lucene's idf, which is
    never negative.
    """

    def __init__(self, texts: Sequence[str], k1: float = 1.2, b: float = 0.75) -> None:
        counted = [Counter(words(text)) for text in texts]
        lengths = np.array([sum(counts.values()) for counts in counted], dtype=np.float64)
        norm = k1 * (1 - b + b * lengths / max(float(lengths.mean()) if len(texts) else 1.0, 1e-9))
        gathered: dict[str, tuple[list[int], list[int]]] = {}
        for row, counts in enumerate(counted):
            for word, count in counts.items():
                rows, frequencies = gathered.setdefault(word, ([], []))
                rows.append(row)
                frequencies.append(count)
        self.size = len(texts)
        self._postings = {word: self._weigh(rows, counts, norm) for word, (rows, counts) in gathered.items()}

    def _weigh(self, rows: list[int], counts: list[int], norm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        where, frequency = np.array(rows), np.array(counts, dtype=np.float64)
        idf = np.log1p((self.size - len(rows) + 0.5) / (len(rows) + 0.5))
        return where, (idf * frequency / (frequency + norm[where])).astype(np.float32)

    def scores(self, query: str) -> np.ndarray:
        """Returns float32 (number of texts,); 0 where no word is shared."""
        total = np.zeros(self.size, dtype=np.float32)
        for word in words(query):
            if word in self._postings:
                rows, weights = self._postings[word]
                total[rows] += weights
        return total
