"""Features of a query and each of its candidates: one definition for training and for serving, over numpy alone.

Scores of models and of BM25 come in as columns; what is compared within the list of candidates is compared here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.tasks.rank.fields import ItemFields, numbers, stems

Columns = npt.NDArray[np.float64]

WORD_FEATURES: Final = (
    "share_of_query_in_title",
    "share_of_query_in_description",
    "share_of_query_in_attributes",
    "phrase_in_title",
    "last_word_in_title",
    "first_match_in_title",
    "words_of_title",
    "share_of_numbers",
    "is_named_brand",
    "is_other_than_named_brand",
)
LIST_FEATURES: Final = ("log_price", "price_among_candidates", "log_popularity", "words_of_query", "candidates")
RELATIVE: Final = ("", "_below_best", "_among_candidates")
"""Every score column is given as it is, as its distance to the list's best, and in deviations from the list's mean."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """A query and its candidates; `scores` are columns (n,) by name: cosines, BM25 of a field, a cross-encoder's."""

    query: str
    items: Sequence[ItemFields]
    scores: Mapping[str, npt.NDArray[np.floating]]

    def __len__(self) -> int:
        return len(self.items)


def feature_names(scores: Sequence[str]) -> tuple[str, ...]:
    """Returns the names of the columns of `features` where the candidates have `scores`, in their order."""
    return (*(f"{name}{form}" for name in scores for form in RELATIVE), *WORD_FEATURES, *LIST_FEATURES)


def features(candidates: Candidates, brands: frozenset[str] = frozenset()) -> Columns:
    """Returns float64 (candidates, features); `brands` are those of the whole catalogue, as `stems` writes them."""
    columns = [form for name in candidates.scores for form in _relative(candidates.scores[name])]
    query = stems(candidates.query)
    named = frozenset(query) & brands
    wanted = numbers(candidates.query)
    lexical = np.array([_lexical(query, wanted, named, item) for item in candidates.items], dtype=np.float64)
    rows = len(candidates)
    prices = np.log1p([np.nan if item.price is None else max(item.price, 0.0) for item in candidates.items])
    listed = [
        np.where(np.isfinite(prices), prices, -1.0),
        standing(prices),
        np.log1p([item.popularity for item in candidates.items]),
        np.full(rows, float(len(query))),
        np.full(rows, float(rows)),
    ]
    return np.column_stack([*columns, lexical.reshape(rows, len(WORD_FEATURES)), *listed])


def standing(values: npt.NDArray[np.floating]) -> Columns:
    """Returns (value − mean) / deviation within the list; 0 for what is not known, and where all are alike."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values))
    centred = np.where(known, values, 0.0) - values[known].mean()
    deviation = values[known].std()
    return np.where(known, centred / deviation, 0.0) if deviation > 1e-9 else np.zeros(len(values))


def _relative(score: npt.NDArray[np.floating]) -> list[Columns]:
    values = np.asarray(score, dtype=np.float64)
    return [values, values - values.max(initial=-np.inf), standing(values)]


def _lexical(query: list[str], wanted: frozenset[str], named: frozenset[str], item: ItemFields) -> list[float]:
    title = stems(item.title)
    at = [title.index(word) for word in query if word in title]
    brand = frozenset(stems(item.brand))
    text = f"{item.title} {item.description} {item.attributes}"
    return [
        _share(query, title),
        _share(query, stems(item.description)),
        _share(query, stems(item.attributes)),
        float(bool(query) and f" {' '.join(query)} " in f" {' '.join(title)} "),
        float(bool(query) and query[-1] in title),
        min(at) / len(title) if at else 1.0,
        float(len(title)),
        len(wanted & numbers(text)) / len(wanted) if wanted else 1.0,
        float(bool(named & brand)),
        float(bool(named - brand)),
    ]


def _share(query: list[str], words: list[str]) -> float:
    held = set(words)
    return sum(word in held for word in query) / len(query) if query else 0.0
