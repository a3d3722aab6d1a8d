"""What an encoder for queries learns from: the catalogue's texts, their parts, words of shops and of the glossary."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tradewind.flows.parity import judged_metric, parity_texts
from tradewind.flows.steps.match import glosses_of
from tradewind.settings import Shop
from tradewind.tasks.baskets import baskets
from tradewind.tasks.catalogue_texts import CatalogueTexts, catalogue_texts, item_texts
from tradewind.tasks.query_check import spelled_queries
from tradewind.tasks.translations import parted, translated

if TYPE_CHECKING:
    from tradewind.compression.query_encoder import QueryLessons
    from tradewind.training.distil.teacher import Taught

TAUGHT: Final = 1000
"""Texts of the catalogue that are read as queries, those that sell most."""
COMPOSED: Final = 2000
"""Chinese queries that are composed of the glossary's words."""
_BETWEEN: Final = re.compile(r"[.,;|/>()，。；、（）]")


def query_lessons(shop: Shop, items: pa.Table, events: pa.Table, vectors: np.ndarray) -> QueryLessons:
    """Returns the lessons over a snapshot; `vectors` (items, dimension) are the published encoder's of its rows.

    No judged query is learned, nor a Chinese word of the meanings that no run learns. Raises DataError or ConfigError
    when the shop's judged queries or glossary cannot be read.
    """
    from tradewind.compression.query_encoder import QueryLessons

    texts = catalogue_texts(item_texts(items), baskets(events, items["id"], None, None).popularity(items.num_rows))
    held = parity_texts(items, events)
    judged = judged_queries(shop)
    best = [texts.texts[row] for row in np.argsort(-texts.sold, kind="stable")[:TAUGHT]]
    queries = typed_queries(shop, best, texts.texts)
    return QueryLessons(
        texts=[text for text in best if text.lower() not in judged],
        queries=[query for query in queries if query.lower() not in judged],
        passages=_passages(texts, vectors),
        held_out=held.held_out,
        calibration=held.calibration,
        metric=judged_metric(shop, items),
    )


def typed_queries(shop: Shop, best: Sequence[str], catalogue: Sequence[str], composed: int = COMPOSED) -> list[str]:
    """Returns distinct queries as shoppers might type them: words of shops, parts of the texts `best`, and where the
    shop's languages are two, words of the glossary's learned part and `composed` queries of them over the catalogue."""
    from tradewind.training.match_examples import shop_words

    parts = [part.strip().lower() for text in best for part in _BETWEEN.split(text)]
    return [query for query in dict.fromkeys([*shop_words(), *parts, *_translated(shop, catalogue, composed)]) if query]


def judged_queries(shop: Shop) -> frozenset[str]:
    """Returns the shop's judged queries in small letters, whatever they are used for."""
    file = spelled_queries(shop)
    return frozenset(query.query.lower() for query in file.queries) if file else frozenset()


def _translated(shop: Shop, catalogue: Sequence[str], composed: int) -> list[str]:
    glosses = glosses_of(shop)
    if glosses is None:
        return []
    learned, _ = parted(glosses)
    words = [word for meaning in learned.meanings for word in (*meaning.chinese, *meaning.english)]
    return [*words, *translated(catalogue, learned, composed, shop.settings.learn.seed).queries]


def _passages(texts: CatalogueTexts, vectors: np.ndarray) -> Taught:
    from tradewind.training.distil.teacher import Taught

    rows = dict(zip(texts.texts, texts.first.tolist(), strict=True))
    return Taught(texts.texts, vectors, rows)
