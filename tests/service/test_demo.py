"""Demo mode: a household can be chosen, on this machine only, and nothing of it exists elsewhere."""

from __future__ import annotations

import stat

import pytest
from fastapi.testclient import TestClient

from tradewind.errors import ConfigError
from tradewind.service.app import create_app
from tradewind.service.demo import FILE_NAME, prepare
from tradewind.service.keys import open_keys
from tradewind.settings import Shop
from tradewind.testing.engine import USER, open_tiny

PATHS = (("GET", "/demo/households"), ("POST", "/demo/token"), ("GET", "/demo/key"))


def test_a_household_is_chosen_and_its_token_personalises(make_api) -> None:
    api = make_api(demo=True)
    key = api.client.get("/demo/key").json()["key"]
    [household] = api.client.get("/demo/households").json()
    token = api.client.post("/demo/token", json={"household": household["id"]}).json()["token"]
    headers = {"X-Api-Key": key, "X-User-Token": token}
    assert api.client.get("/v1/recommend/for-you", headers=headers).json()["personalised"] is True
    assert api.client.get("/v1/users/me/export", headers=headers).json()["user_ids"] == [USER]
    event = {"event_id": "d1", "type": "view", "time": "2026-01-05T10:00:00Z", "item": "01"}
    assert api.client.post("/v1/events", headers=headers, json=event).json()["status"] == "stored"


def test_no_pseudonym_is_shown(make_api) -> None:
    api = make_api(demo=True)
    pseudonym = api.client.app.state.service.store.pseudonym(USER, create=False)
    [household] = api.client.get("/demo/households").json()
    token = api.client.post("/demo/token", json={"household": household["id"]}).json()["token"]
    import base64

    assert pseudonym not in household["id"]
    assert pseudonym.encode() not in base64.urlsafe_b64decode(token.split(".")[1] + "==")


def test_a_household_that_is_none_gets_no_token(make_api) -> None:
    api = make_api(demo=True)
    for body in ({"household": "nobody"}, {"household": USER}):
        assert api.client.post("/demo/token", json=body).status_code == 404
    assert api.client.post("/demo/token", json={}).status_code == 422


def test_without_demo_mode_there_are_no_demo_routes_and_no_demo_tokens(make_api) -> None:
    api = make_api(demo=True)
    [household] = api.client.get("/demo/households").json()
    token = api.client.post("/demo/token", json={"household": household["id"]}).json()["token"]
    plain = create_app(Shop(_without_demo(api.shop.settings), api.shop.root), open_parts=open_tiny)
    with TestClient(plain, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as client:
        for method, path in PATHS:
            assert client.request(method, path, json={}).status_code in (404, 405)
        headers = {"X-Api-Key": api.keys["search"], "X-User-Token": token}
        assert client.get("/v1/users/me/profile", headers=headers).status_code == 401


def _without_demo(settings):
    return settings.model_copy(update={"serve": settings.serve.model_copy(update={"demo": False})})


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8420", "10.0.0.7", "127.0.0.1.evil.example", "", "[::2]"]
)
def test_a_name_that_is_not_this_machine_is_refused(make_api, host: str) -> None:
    """A stranger's page can point its own name at 127.0.0.1, but cannot make the browser send another Host."""
    api = make_api(demo=True)
    for method, path in PATHS:
        answered = api.client.request(method, path, json={"household": "x"}, headers={"Host": host})
        assert answered.status_code == 403


@pytest.mark.parametrize("host", ["localhost", "localhost:8420", "127.0.0.1:8420", "[::1]:8420", "127.1.2.3"])
def test_this_machine_by_any_of_its_names_is_served(make_api, host: str) -> None:
    assert make_api(demo=True).client.get("/demo/key", headers={"Host": host}).status_code == 200


def test_a_caller_from_elsewhere_is_refused(make_api) -> None:
    api = make_api(demo=True)
    elsewhere = TestClient(api.client.app, base_url="http://127.0.0.1", client=("192.0.2.7", 1))
    assert elsewhere.get("/demo/key").status_code == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "shop.example"])
def test_demo_mode_beyond_loopback_does_not_start(make_shop, host: str) -> None:
    shop = make_shop(demo=True, host=host)
    for begin in (prepare, create_app):
        with pytest.raises(ConfigError, match="demo mode hands out keys"):
            begin(shop)


def test_the_demo_keeps_its_keys_from_start_to_start_and_to_its_owner(make_shop) -> None:
    shop = make_shop(demo=True)
    first = prepare(shop)
    assert prepare(shop) == first
    assert stat.S_IMODE((shop.keys / FILE_NAME).stat().st_mode) == 0o600
    ring = open_keys(shop.keys)
    assert ring.find(first.browser_key).scopes == {"search", "events"}
    assert ring.find(first.admin_key).scopes == {"search", "events", "jobs", "admin"}
    ring.revoke(ring.find(first.browser_key).id)
    second = prepare(shop)
    assert second.browser_key != first.browser_key
    assert ring.find(first.admin_key) is None
