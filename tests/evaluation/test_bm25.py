"""BM25 ranks as its formula says and reads Chinese by pairs of characters."""

from __future__ import annotations

import bm25s
import numpy as np
import pytest

from tradewind.evaluation.bm25 import Bm25, words

TEXTS = ["frozen pizza cheese", "pizza sauce", "cat food dry food", "shampoo", "frozen dinner with cheese and pizza"]


def test_scores_equal_an_independent_implementation() -> None:
    theirs = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    theirs.index([text.split() for text in TEXTS], show_progress=False)
    ours = Bm25(TEXTS)
    for query in ("pizza", "frozen cheese", "food", "absent"):
        known = [word for word in query.split() if word in theirs.vocab_dict]
        expected = theirs.get_scores(known) if known else np.zeros(len(TEXTS))
        assert ours.scores(query) == pytest.approx(expected, rel=1e-5)


def test_a_repeated_word_counts_for_more_and_no_word_for_nothing() -> None:
    index = Bm25(["cat cat toy", "cat toy toy", "dog toy"])
    scores = index.scores("cat")
    assert scores[0] > scores[1] > scores[2] == 0.0


def test_chinese_is_read_in_overlapping_pairs() -> None:
    assert words("冷冻披萨 Pizza 5寸") == ["冷冻", "冻披", "披萨", "pizza", "5", "寸"]
    assert Bm25(["冷冻披萨", "洗发水"]).scores("披萨").argmax() == 0


def test_an_empty_collection_gives_no_scores() -> None:
    assert Bm25([]).scores("anything").shape == (0,)
