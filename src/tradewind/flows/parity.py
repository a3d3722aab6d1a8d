"""What a small encoder is held against its original by: texts that were not learned, and the shop's own figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from tradewind.errors import DataError
from tradewind.settings import Shop
from tradewind.tasks.baskets import baskets, time_cuts
from tradewind.tasks.bought_together import recall
from tradewind.tasks.catalogue_texts import catalogue_texts, item_texts
from tradewind.tasks.match_report import held_out
from tradewind.tasks.query_check import precisions, query_check, spelled_queries
from tradewind.tasks.scoring import Encode, by_vectors, remembering

if TYPE_CHECKING:
    from tradewind.compression.encoder import Metric

EVER: Final = datetime(1, 1, 1, tzinfo=UTC)
HELD_OUT: Final = 200
"""Texts on which the small model is held against the large one."""
CALIBRATED: Final = 48
"""Texts of the catalogue that its integers are scaled by, beside everyday words; three times as many change nothing."""
QUESTIONS: Final = 4000
OF_A_QUERY: Final = 40
"""Items of each judged query's right kind among which it is asked."""
OTHERS: Final = 2000
"""Items beside those, evenly over the catalogue."""
RANKED: Final = 800
"""Size of the recall that may not fall: what is bought with an item, among the best-selling texts."""


@dataclass(frozen=True, slots=True)
class ParityTexts:
    """Texts to hold the small model against the large one by, and others to scale its integers by."""

    held_out: list[str]
    calibration: list[str]


def parity_texts(items: pa.Table, events: pa.Table) -> ParityTexts:
    """Returns distinct texts, none in both lists: held out are those that learning, which follows purchases, saw least.

    A catalogue of few texts is made up with everyday words of shops, of which calibration gets every other.
    """
    from tradewind.training.match_examples import shop_words

    texts = catalogue_texts(item_texts(items), baskets(events, items["id"], None, None).popularity(items.num_rows))
    order, words = np.argsort(texts.sold, kind="stable"), shop_words()
    least, most = order[: len(order) // 2], order[len(order) // 2 :]
    calibration = dict.fromkeys([*_spread(texts.texts, most, CALIBRATED), *words[::2]])
    held_out = dict.fromkeys([*_spread(texts.texts, least, HELD_OUT), *words[1::2]])
    return ParityTexts([text for text in held_out if text not in calibration][:HELD_OUT], list(calibration))


def _spread(texts: Sequence[str], rows: np.ndarray, count: int) -> list[str]:
    """Returns at most `count` of the texts of `rows`, evenly over their order."""
    return [texts[row] for row in rows[:: max(1, len(rows) // count)][:count]]


def together_metric(items: pa.Table, events: pa.Table, seed: int) -> Metric | None:
    """Returns recall@20 of what is bought with an item; None without baskets.

    Two encodings of one model are compared, so nothing needs to be held back: all purchases are asked about, since a
    figure from few of them moves by more than the gate allows when a single answer changes its place.
    """
    try:
        until = time_cuts(events).test
        check = held_out(items, events, learned_until=until, since=EVER, questions=QUESTIONS, ranked=RANKED, seed=seed)
    except DataError:
        return None

    def measure(encode: Encode) -> np.ndarray:
        return recall(check, by_vectors(remembering(encode), "together")).texts

    return measure


def judged_metric(shop: Shop, items: pa.Table) -> Metric | None:
    """Returns precision@10 of the judged queries that may be tuned on, by vectors alone, in a part of the catalogue:
    what is right for a query, and others. None for a shop without such queries.

    Raises DataError when the check file is not right.
    """
    file = spelled_queries(shop)
    if file is None or not any(query.use == "tune" for query in file.queries):
        return None
    every = catalogue_texts(item_texts(items), np.zeros(items.num_rows, np.int64))
    right = query_check(file, items, every, "tune").right
    rows = [np.flatnonzero(one) for one in right] + [np.arange(items.num_rows)]
    most = [OF_A_QUERY] * len(right) + [OTHERS]
    taken = np.unique(np.concatenate([of[:: -(-len(of) // count)] for of, count in zip(rows, most, strict=True)]))
    part = items.take(pa.array(taken))
    check = query_check(file, part, catalogue_texts(item_texts(part), np.zeros(len(taken), np.int64)), "tune")
    return lambda encode: precisions(check, by_vectors(remembering(encode), "query"))
