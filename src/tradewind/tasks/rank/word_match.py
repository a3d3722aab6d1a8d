"""How well the words of an item answer the words of a query, word by word, by vectors of single words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tradewind.tasks.rank.fields import stems

Floats = npt.NDArray[np.floating]
_LEAST_WEIGHT = 0.1


def matched_words(text: str) -> list[str]:
    """Returns the words of `text` that are compared: no numbers, and none of one letter."""
    return [word for word in stems(text) if len(word) > 1 and not word.isdigit()]


class WordMatch:
    """Σ over query words of idf · the highest cosine to a word of the item, over the sum of idf; in [−1, 1]."""

    def __init__(self, vectors: Mapping[str, Floats], seen: Mapping[str, int], texts: int) -> None:
        self._vectors = vectors
        self._seen = seen
        self._texts = texts

    @classmethod
    def over(
        cls, texts: Sequence[str], compared: Iterable[str], encode: Callable[[Sequence[str]], Floats]
    ) -> WordMatch:
        """Returns the match with idf from `texts`; `encode` gives unit vectors of the words of `compared`."""
        seen = Counter(word for text in texts for word in set(matched_words(text)))
        words = sorted({word for text in compared for word in matched_words(text)})
        return cls(dict(zip(words, encode(words), strict=True)) if words else {}, seen, len(texts))

    def scores(self, query: str, items: Sequence[str]) -> npt.NDArray[np.float64]:
        """Returns (len(items),) for the items' texts; 0 where either side has no word that is known."""
        asked = [word for word in matched_words(query) if word in self._vectors]
        if not asked:
            return np.zeros(len(items))
        weights = np.array([max(np.log(self._texts / (1 + self._seen.get(word, 0))), _LEAST_WEIGHT) for word in asked])
        vectors = np.stack([self._vectors[word] for word in asked])
        return np.array([self._one(vectors, weights, item) for item in items])

    def _one(self, asked: Floats, weights: Floats, item: str) -> float:
        held = [self._vectors[word] for word in matched_words(item) if word in self._vectors]
        if not held:
            return 0.0
        return float((asked @ np.stack(held).T).max(axis=1) @ weights / weights.sum())
