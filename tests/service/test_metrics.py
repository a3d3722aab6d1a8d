"""What is counted: base units, help for every metric, closed sets of labels, and nothing about anybody."""

from __future__ import annotations

import re

from prometheus_client.parser import text_string_to_metric_families

MARK = "canarymark"


def test_every_metric_is_named_helped_and_in_base_units(api) -> None:
    api.call("GET", "/v1/search?q=pizza")
    families = list(text_string_to_metric_families(api.client.get("/metrics").text))
    assert {family.name for family in families if not family.name.endswith("_created")} >= {
        "tradewind_http_request_duration_seconds",
        "tradewind_stage_duration_seconds",
        "tradewind_replies",
        "tradewind_events",
        "tradewind_requests_in_flight",
        "tradewind_generation_info",
    }
    for family in families:
        assert family.name.startswith("tradewind_")
        assert family.documentation
        assert not re.search(r"_(ms|millis|kb|mb)$", family.name)


def test_no_word_of_a_caller_becomes_a_label(api) -> None:
    api.call("GET", f"/v1/search?q={MARK}", headers={"X-Request-Id": f"{MARK}-1234"})
    api.call("GET", f"/v1/items/{MARK}")
    api.call("GET", f"/v1/{MARK}/nothing")
    api.call("GET", f"/v1/recommend/{MARK}")
    api.call("GET", "/v1/recommend/for-you", user=MARK)
    api.client.request(MARK.upper(), "/v1/search")
    text = api.client.get("/metrics").text
    assert MARK not in text.lower()
    assert 'route="/v1/items/{item_id:path}",status="404"' in text
    assert 'route="unmatched"' in text


def test_cache_hits_and_stages_are_counted(api) -> None:
    for _ in range(2):
        api.call("GET", "/v1/search?q=countedonce")
    text = api.client.get("/metrics").text
    assert re.search(r'tradewind_replies_total{cache="hit",[^}]*surface="search"}', text)
    assert re.search(r'tradewind_replies_total{cache="miss",[^}]*surface="search"}', text)
    assert re.search(r'tradewind_stage_duration_seconds_count{stage="\w+",surface="search"}', text)
