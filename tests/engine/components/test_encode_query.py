from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tradewind.engine.cache import BoundedCache
from tradewind.engine.components.encode_query import EncodeQuery
from tradewind.engine.components.find_terms import FindTerms
from tradewind.engine.deadline import Deadline
from tradewind.engine.parts import Parts, Serving
from tradewind.engine.requests import SearchRequest
from tradewind.engine.state import Context, State
from tradewind.index.delta import Delta
from tradewind.index.understanding import Understanding, Unit, Way


def state(parts: Parts, query: str, understanding: Understanding) -> State[SearchRequest]:
    view = parts.catalogue.view(Delta(parts.catalogue.change))
    context = Context(Serving(parts, view), Deadline.after(5_000), None, BoundedCache(1 << 20))
    return State(SearchRequest(query), context, understanding=understanding)


@pytest.mark.parametrize(("in_its_language", "encoded"), [("frozen pizza", "frozen pizza"), ("", "冷冻披萨")])
def test_a_query_is_encoded_in_the_catalogues_language_where_it_has_another(
    parts: Parts, in_its_language: str, encoded: str
) -> None:
    made = EncodeQuery()(state(parts, "冷冻披萨", Understanding(in_its_language=in_its_language)))
    assert made.vector is not None
    assert np.array_equal(made.vector, parts.encoder.encode([encoded], "query")[0])


@pytest.mark.parametrize(
    ("others", "terms"),
    [
        ((("frozen", "pizza"),), ["frozen pizza"]),
        ((("deep", "pizza"), ("pizza",)), ["pizza"]),
        ((("deep", "pizza"),), ["pizza"]),
        ((("soap",),), None),
    ],
)
def test_a_translated_word_is_told_in_the_words_of_the_item(
    parts: Parts, others: tuple[tuple[str, ...], ...], terms: list[str] | None
) -> None:
    ways = tuple(Way(tuple(Unit(word, ((word, 1.0),)) for word in way)) for way in others)
    start = state(parts, "冷冻披萨", Understanding((Unit("冷冻披萨", others=ways),)))
    row = start.view.row_of("frozen-small-0")
    assert row is not None
    hits = start.view.popular(1, start.request.filters)
    hits = replace(hits, rows=np.asarray([row], dtype=np.int64))
    page = replace(start.with_list("lexical", hits), page=hits, items=tuple(start.view.items([row])))
    told = FindTerms()(page).evidence["lexical"]
    assert told.get(row) == (None if terms is None else {"terms": terms})
