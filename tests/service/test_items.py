"""Items put, changed and taken away while serving show in the next answer."""

from __future__ import annotations

from urllib.parse import quote

import pytest


def call(api, method: str, path: str, **more):
    return api.call(method, path, key="admin", **more)


def shown(api, item_id: str) -> dict | None:
    answered = api.call("GET", f"/v1/items/{item_id}")
    return answered.json()["item"] if answered.status_code == 200 else None


def found(api, query: str) -> list[str]:
    return [result["id"] for result in api.call("GET", "/v1/search", params={"q": query}).json()["results"]]


def test_an_item_that_is_put_is_found_at_once_and_gone_when_it_is_deleted(api) -> None:
    put = call(api, "PUT", "/v1/items/kite-1", json={"title": "Stunt kite 风筝", "category": ["Toys"], "price": 12.5})
    assert put.status_code == 200
    assert put.json() == {"delta": put.json()["delta"], "upserted": 1, "removed": 0}
    assert found(api, "kite")[0] == "kite-1"
    assert found(api, "风筝")[0] == "kite-1"
    assert shown(api, "kite-1")["currency"] == "EUR"
    deleted = call(api, "DELETE", "/v1/items/kite-1")
    assert deleted.json()["delta"] > put.json()["delta"]
    assert "kite-1" not in found(api, "kite")
    assert shown(api, "kite-1") is None


def test_a_patch_changes_what_it_names_and_leaves_the_rest(api) -> None:
    before = shown(api, "01")
    assert call(api, "PATCH", "/v1/items/01", json={"price": 99.0, "brand": None}).status_code == 200
    after = shown(api, "01")
    assert after == {**before, "price": 99.0, "brand": None, "price_derived": False}
    call(api, "PATCH", "/v1/items/01", json={"price": before["price"], "brand": before["brand"]})
    assert shown(api, "01") == before


def test_what_the_encoder_reads_follows_a_patch(api) -> None:
    call(api, "PATCH", "/v1/items/32", json={"title": "Borealis Quokka plush"})
    assert found(api, "quokka")[0] == "32"


def test_an_id_may_hold_anything_that_an_address_can(api) -> None:
    for item_id in ("a/b", "a b", "商品-1", "x?y", "a#b"):
        path = "/v1/items/" + quote(item_id, safe="")
        assert call(api, "PUT", path, json={"title": "Odd id"}).status_code == 200, item_id
        assert api.call("GET", path).json()["item"]["id"] == item_id
        assert call(api, "DELETE", path).status_code == 200


def test_a_batch_is_one_change(api) -> None:
    body = {
        "upserts": [{"id": f"batch-{n}", "title": f"Batchling {n}"} for n in range(30)],
        "removals": ["42", "never-there"],
    }
    answered = call(api, "POST", "/v1/items", json=body)
    assert answered.json() == {"delta": answered.json()["delta"], "upserted": 30, "removed": 2}
    assert shown(api, "batch-29") is not None
    assert shown(api, "42") is None


@pytest.mark.parametrize(
    "body",
    [
        {"upserts": [{"id": "twice", "title": "a"}, {"id": "twice", "title": "b"}]},
        {"upserts": [{"id": "both", "title": "a"}], "removals": ["both"]},
        {"upserts": [{"id": "fine", "title": "fine"}, {"id": "bad", "title": "x", "price": -1}]},
        {"upserts": [{"id": "fine", "title": "fine"}, {"title": "no id"}]},
        {"upserts": [{"id": f"n{n}", "title": "x"} for n in range(501)]},
    ],
)
def test_a_batch_with_something_wrong_changes_nothing(api, body) -> None:
    before = api.client.app.state.service.store.latest_change()
    assert call(api, "POST", "/v1/items", json=body).status_code == 422
    assert api.client.app.state.service.store.latest_change() == before


@pytest.mark.parametrize(
    "change",
    [
        {"price": -1}, {"price": "abc"}, {"price": 1e13}, {"title": ""}, {"title": "  "}, {"category": ["a > b"]},
        {"availability": "perhaps"}, {"image": "javascript:alert(1)"}, {"score": 99}, {"text": "stuffed"}, {"id": "z"},
        {"price_derived": True}, {"attributes": {"": "x"}}, {"title": None}, {"attributes": {"a": 1}},
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_used_or_is_not_the_callers_is_refused(api, change) -> None:
    for method, body in (("PUT", {"title": "Thing", **change}), ("PATCH", change)):
        answered = call(api, method, "/v1/items/01", json=body)
        assert answered.status_code == 422, (method, change)
        assert answered.json()["errors"][0]["pointer"].startswith("#/")


def test_changing_what_is_not_there_says_so(api) -> None:
    assert call(api, "PATCH", "/v1/items/never", json={"price": 1}).status_code == 404
    assert call(api, "DELETE", "/v1/items/never").status_code == 404
