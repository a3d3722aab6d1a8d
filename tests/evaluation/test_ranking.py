"""The ranking metrics agree with trec_eval's, and with their own definitions at the edges."""

from __future__ import annotations

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.evaluation.ranking import ndcg_at_k, precision_at_k, recall_at_k, reciprocal_rank
from tradewind.evaluation.runs import mean, per_query

ITEMS = [f"item{number}" for number in range(12)]
RANKINGS = st.permutations(ITEMS).flatmap(lambda items: st.integers(0, 12).map(lambda cut: list(items[:cut])))
GRADES = st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 3), min_size=1)


@given(ranking=RANKINGS, grades=GRADES)
@settings(max_examples=150, deadline=None)
def test_metrics_equal_those_of_trec_eval(ranking: list[str], grades: dict[str, int]) -> None:
    run = {"q": {item: float(-place) for place, item in enumerate(ranking)}}
    measures = {"ndcg_cut.10", "P.10", "recall.10", "recip_rank"}
    theirs = pytrec_eval.RelevanceEvaluator({"q": grades}, measures).evaluate(run).get("q")
    if theirs is None:  # trec_eval leaves a query without results out
        assert not ranking
        return
    assert ndcg_at_k(ranking, grades, 10) == pytest.approx(theirs["ndcg_cut_10"])
    assert precision_at_k(ranking, grades, 10) == pytest.approx(theirs["P_10"])
    assert recall_at_k(ranking, grades, 10) == pytest.approx(theirs["recall_10"])
    assert reciprocal_rank(ranking, grades) == pytest.approx(theirs["recip_rank"])


@given(ranking=RANKINGS, grades=GRADES, k=st.integers(1, 12))
def test_every_metric_lies_between_nought_and_one(ranking: list[str], grades: dict[str, int], k: int) -> None:
    for value in (ndcg_at_k(ranking, grades, k), precision_at_k(ranking, grades, k), recall_at_k(ranking, grades, k)):
        assert 0.0 <= value <= 1.0


def test_the_best_order_has_an_ndcg_of_one_and_the_gain_is_linear() -> None:
    grades = {"a": 3, "b": 1, "c": 0}
    assert ndcg_at_k(["a", "b", "c"], grades, 10) == pytest.approx(1.0)
    # (1 + 3/log2 3) / (3 + 1/log2 3)
    assert ndcg_at_k(["b", "a"], grades, 10) == pytest.approx(0.7967, abs=1e-4)


def test_a_query_without_results_counts_as_nought_in_the_mean() -> None:
    qrels = {"first": {"a": 1}, "second": {"b": 1}}
    run = {"first": ["a"]}
    assert per_query(run, qrels, "recall@5").tolist() == [1.0, 0.0]
    assert mean(run, qrels, ["recall@5", "mrr"]) == {"recall@5": 0.5, "mrr": 0.5}
