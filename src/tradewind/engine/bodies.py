"""The bodies of the four kinds of answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tradewind.engine.parts import Serving
from tradewind.engine.reply import Reply, canonical, item_body, results_of, stage_of
from tradewind.engine.requests import RecommendRequest, SearchRequest
from tradewind.engine.state import R, State


def search_reply(state: State[SearchRequest], profile_version: str | None) -> Reply:
    """Returns the answer to a search. `query` is the query as it was matched; `total` counts the matching set;
    `corrections` are the words that were taken for misspelt, `translations` those that were also looked for in another
    language.

    `stage` names the lists that answered: `popular` says that there was nothing to match and the shop was browsed.
    """
    corrections = [{"typed": typed, "read_as": read_as} for typed, read_as in state.understanding.corrections]
    translations = [{"from": typed, "to": list(found)} for typed, found in state.understanding.translations]
    body = {
        "query": state.request.query,
        "corrections": corrections,
        "translations": translations,
        "total": state.total,
        "facets": dict(state.facets),
    }
    return _reply(state, body, profile_version)


def recommend_reply(state: State[RecommendRequest], profile_version: str | None) -> Reply:
    """Returns the answer of a surface; `item` is the anchor, where there is one."""
    anchor = {"item": state.request.item} if state.anchor is not None else {}
    return _reply(state, {"surface": state.request.surface, "total": state.total, **anchor}, profile_version)


def suggest_reply(serving: Serving, prefix: str, k: int) -> Reply:
    """Returns up to `k` completions of `prefix`."""
    completions = [asdict(completion) for completion in serving.view.complete(prefix, k)] if k else []
    body = {"prefix": prefix, "completions": completions, **_standing(serving)}
    return Reply(canonical(body), serving.parts.generation, serving.view.delta, stage_answered="suggest")


def item_reply(serving: Serving, row: int) -> Reply:
    """Returns one item."""
    body = {"item": item_body(serving.view.item(row)), **_standing(serving)}
    return Reply(canonical(body), serving.parts.generation, serving.view.delta, stage_answered="item")


def _standing(serving: Serving) -> dict[str, Any]:
    return {"generation": serving.parts.generation, "delta": serving.view.delta}


def _reply(state: State[R], body: dict[str, Any], profile_version: str | None) -> Reply:
    serving, stage = state.context.serving, stage_of(state)
    whole = {
        **body,
        **_standing(serving),
        "results": results_of(state),
        "personalised": profile_version is not None,
        "stage": stage,
        "degraded": list(state.degraded),
    }
    return Reply(
        body=canonical(whole),
        generation=serving.parts.generation,
        delta=serving.view.delta,
        profile_version=profile_version,
        stages=tuple(state.context.watch.stages),
        stage_answered=stage,
        degraded=state.degraded,
        repeatable=not state.cut_short,
    )
