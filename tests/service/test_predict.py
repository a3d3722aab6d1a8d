"""POST /v1/predict: the route, its limits and its errors; the model behind it is a stand-in on disk."""

from __future__ import annotations

from typing import Any

import pytest

from tradewind.engine.estimators import Estimators
from tradewind.errors import NotFoundError
from tradewind.service.schemas.predict import PredictIn
from tradewind.tasks.rank.ranking import Candidates


def test_texts_are_answered_in_their_order(api: Any) -> None:
    reply = api.call("POST", "/v1/predict/length", json={"texts": ["tea", "牛奶"]})
    assert reply.status_code == 200
    assert [one["labels"][0]["label"] for one in reply.json()["predictions"]] == ["3", "2"]
    assert "predict;dur=" in reply.headers["server-timing"]


def test_an_estimator_that_is_not_there_is_404(api: Any) -> None:
    reply = api.call("POST", "/v1/predict/nothing", json={"texts": ["tea"]})
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [{"texts": []}, {"texts": [""]}, {"texts": ["  "]}, {"texts": ["a"] * 257}, {"texts": ["x" * 50_001]},
     {"texts": ["a"], "k": 1_000_000}, {"texts": ["a\x00b"]}, {"text": "a"}, {"texts": "a"}, {},
     {"query": "a"}, {"query": "a", "texts": []}, {"queries": []}, {"queries": [{"query": "a", "texts": []}]},
     {"texts": ["a"], "queries": [{"query": "a", "texts": ["b"]}]}],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem_and_no_stack_trace(api: Any, body: dict[str, Any]) -> None:
    reply = api.call("POST", "/v1/predict/length", json=body)
    assert reply.status_code == 422
    assert "Traceback" not in reply.text


def test_a_key_without_the_scope_is_refused(api: Any) -> None:
    assert api.call("POST", "/v1/predict/length", key="events", json={"texts": ["tea"]}).status_code == 403
    assert api.call("POST", "/v1/predict/length", key="none", json={"texts": ["tea"]}).status_code == 401


def test_a_shop_without_estimators_says_so(api: Any) -> None:
    with pytest.raises(NotFoundError, match="no estimator 'stars'"):
        Estimators(api.shop).predict("stars", ["tea"], 1, int)


def test_an_answer_that_comes_too_late_is_not_worked_out(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.service.context.RequestContext.milliseconds", lambda self: 51.0)
    reply = api.call("POST", "/v1/predict/length", json={"texts": ["tea"]}, headers={"X-Deadline-Ms": "50"})
    assert reply.status_code == 503


def test_a_query_with_its_texts_is_one_input_and_texts_alone_are_many() -> None:
    assert PredictIn(texts=["a", "b"]).inputs() == ["a", "b"]
    assert PredictIn(query="q", texts=["a", "b"]).inputs() == [Candidates("q", ("a", "b"))]
    several = PredictIn.model_validate({"queries": [{"query": "q", "texts": ["a"]}, {"query": "r", "texts": ["b"]}]})
    assert several.inputs() == [Candidates("q", ("a",)), Candidates("r", ("b",))]
