"""A person sees, switches and takes along what is theirs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from tradewind.testing.engine import USER


def test_the_profile_says_what_was_concluded(make_api) -> None:
    found = make_api().call("GET", "/v1/users/me/profile", user=USER).json()
    assert found["personalise"] is True
    assert (found["events"], found["baskets"]) == (5, 2)
    assert found["bought"] == {"00": 2, "40": 2, "30": 1}
    assert {one["value"] for one in found["categories"]} == {"Food > Frozen", "Food > Pasta", "Food > Drinks"}
    assert abs(sum(one["share"] for one in found["brands"]) - 1) < 0.01


def test_what_touches_a_sensitive_topic_makes_no_interest(make_api) -> None:
    api = make_api()
    item = {"title": "Pregnancy test", "category": ["Health", "Tests"], "brand": "Clearly"}
    assert api.call("PUT", "/v1/items/p1", key="admin", json=item).status_code == 200
    event = {"event_id": "p1", "type": "purchase", "time": "2026-01-05T10:00:00Z", "item": "p1", "basket": "b9"}
    assert api.call("POST", "/v1/events", key="events", user=USER, json=event).status_code == 200
    found = api.call("GET", "/v1/users/me/profile", user=USER).json()
    assert found["bought"]["p1"] == 1
    assert not [
        one for one in [*found["categories"], *found["brands"]] if one["value"] in ("Health > Tests", "Clearly")
    ]


def test_with_the_switch_off_nothing_is_concluded_and_answers_are_everybodys(make_api) -> None:
    api = make_api()
    path = "/v1/recommend/for-you?k=5"
    mine, everybodys = api.call("GET", path, user=USER), api.call("GET", path)
    assert mine.content != everybodys.content
    assert api.call("PUT", "/v1/users/me/consent", user=USER, json={"personalise": False}).json() == {
        "personalise": False,
        "version": 1,
    }
    assert api.call("GET", path, user=USER).content == everybodys.content
    found = api.call("GET", "/v1/users/me/profile", user=USER).json()
    assert found == {
        "personalise": False, "events": 0, "baskets": 0, "tags": [], "deleted_tags": [], "withheld_events": 0,
        "categories": [], "brands": [], "recent": [], "bought": {},
        "dismissed": [],
    }  # fmt: skip
    api.call("PUT", "/v1/users/me/consent", user=USER, json={"personalise": True})
    assert api.call("GET", path, user=USER).content == mine.content


def test_two_people_with_the_switch_off_get_the_same_bytes_everywhere(make_api) -> None:
    api = make_api()
    event = {"event_id": "o1", "type": "purchase", "time": "2026-01-05T10:00:00Z", "item": "21", "basket": "b"}
    api.call("POST", "/v1/events", key="events", user="other", json=event)
    for user in (USER, "other"):
        api.call("PUT", "/v1/users/me/consent", user=user, json={"personalise": False})
    for path in (
        "/v1/search?q=pizza&explain=true",
        *(f"/v1/recommend/{surface}?item=01" for surface in ("similar", "bought-together", "trending")),
        *(f"/v1/recommend/{surface}" for surface in ("for-you", "next-basket", "recent")),
    ):
        bodies = {api.call("GET", path, user=user).content for user in (USER, "other", None)}
        assert len(bodies) == 1, path


def test_a_user_nobody_knows_gets_everybodys_answer_and_an_empty_profile(make_api) -> None:
    api = make_api()
    store = api.client.app.state.service.store
    assert api.call("GET", "/v1/recommend/for-you", user="stranger").json()["personalised"] is False
    assert api.call("GET", "/v1/users/me/profile", user="stranger").json()["events"] == 0
    assert api.call("GET", "/v1/users/me/consent", user="stranger").json() == {"personalise": True, "version": 0}
    assert api.call("GET", "/v1/users/me/export", user="stranger").json() == {}
    assert store.pseudonym("stranger", create=False) is None


def test_a_stranger_can_refuse_before_anything_is_known(make_api) -> None:
    api = make_api()
    assert api.call("PUT", "/v1/users/me/consent", user="new", json={"personalise": False}).status_code == 200
    assert api.call("GET", "/v1/users/me/consent", user="new").json()["personalise"] is False


def test_the_export_holds_everything_about_the_person_and_nobody_else(make_api) -> None:
    api = make_api()
    answered = api.call("GET", "/v1/users/me/export", user=USER)
    assert "attachment" in answered.headers["content-disposition"]
    found = answered.json()
    assert found["user_ids"] == [USER]
    assert len(found["events"]) == 5
    assert found["consent"] == {"personalise": True, "version": 0}
    assert found["deleted_tags"] == []


def test_a_switch_that_is_neither_on_nor_off_is_refused(make_api) -> None:
    api = make_api()
    for body in ({}, {"personalise": "maybe"}, {"personalise": None}, {"personalise": True, "user": "x"}):
        assert api.call("PUT", "/v1/users/me/consent", user=USER, json=body).status_code == 422


FROZEN = "category:Food > Frozen"


def tags_of(api, user: str = USER) -> dict:
    return {tag["id"]: tag for tag in api.call("GET", "/v1/users/me/profile", user=user).json()["tags"]}


def change(api, method: str, tag: str, user: str = USER):
    return api.call(method, f"/v1/users/me/profile/tags/{quote(tag)}", user=user)


def buy(api, event_id: str, item: str, user: str = USER) -> None:
    event = {
        "event_id": event_id,
        "type": "purchase",
        "time": datetime.now(UTC).isoformat(),
        "item": item,
        "basket": event_id,
    }
    assert api.call("POST", "/v1/events", key="events", user=user, json=event).status_code == 200


# Two results are as many as the person's other purchases fill; what everybody buys comes after them.
def recommended(api, surface: str, user: str = USER) -> list[str]:
    return [one["id"] for one in api.call("GET", f"/v1/recommend/{surface}?k=2", user=user).json()["results"]]


def test_every_tag_is_shown_with_the_events_it_rests_on(make_api) -> None:
    api = make_api()
    held = {event["event_id"]: event for event in api.call("GET", "/v1/users/me/export", user=USER).json()["events"]}
    tags = tags_of(api)
    assert {tag["kind"] for tag in tags.values()} == {"category", "brand", "recency", "frequency", "value"}
    for tag in tags.values():
        assert tag["rests_on"] == len(tag["evidence"]) > 0
        assert all(held[one["event"]]["item"] == one["item"] for one in tag["evidence"])
    assert {one["item"] for one in tags[FROZEN]["evidence"]} == {"00"}


def test_a_price_band_is_told_where_the_category_has_prices_enough(make_api) -> None:
    api = make_api()
    for place, price in enumerate((1, 2, 3, 40, 50, 60)):
        item = {"title": f"Lamp {place}", "category": ["Home", "Lamps"], "price": price, "currency": "EUR"}
        assert api.call("PUT", f"/v1/items/lamp{place}", key="admin", json=item).status_code == 200
    buy(api, "lamp", "lamp5")
    assert tags_of(api)["price_band:high"]["evidence"][0]["item"] == "lamp5"
    assert "lamp5" in recommended(api, "recent")
    assert change(api, "DELETE", "price_band:high").status_code == 204
    assert "lamp5" not in recommended(api, "recent")


def test_a_deleted_tag_leaves_the_profile_and_every_answer_that_came_from_it(make_api) -> None:
    api = make_api()
    paths = ("/v1/recommend/for-you?k=5", "/v1/recommend/next-basket?k=5", "/v1/search?q=pizza&explain=true")
    before = {path: api.call("GET", path, user=USER).content for path in paths}
    assert recommended(api, "next-basket")[0] == "00"
    assert change(api, "DELETE", FROZEN).status_code == 204
    assert FROZEN not in tags_of(api)
    assert "00" not in recommended(api, "next-basket")
    assert "00" not in recommended(api, "recent")
    after = {path: api.call("GET", path, user=USER).content for path in paths}
    assert all(before[path] != after[path] for path in paths)
    assert "brand:Alba" in tags_of(api), "the other things that were bought speak for it still"
    assert change(api, "PUT", FROZEN).status_code == 204
    assert {path: api.call("GET", path, user=USER).json()["results"] for path in paths} == {
        path: json.loads(body)["results"] for path, body in before.items()
    }


def test_a_deleted_tag_does_not_come_back_with_new_events_nor_with_another_server(make_shop, opening) -> None:
    shop = make_shop()
    with opening(shop) as api:
        assert change(api, "DELETE", FROZEN).status_code == 204
        buy(api, "again", "00")
        assert FROZEN not in tags_of(api)
    with opening(shop) as api:
        assert FROZEN not in tags_of(api)
        assert "00" not in recommended(api, "next-basket")
        assert api.call("GET", "/v1/users/me/profile", user=USER).json()["deleted_tags"] == [FROZEN.lower()]
        assert change(api, "DELETE", FROZEN.upper()).status_code == 204, "twice is once, however it is written"
        assert api.call("GET", "/v1/users/me/export", user=USER).json()["deleted_tags"] == [FROZEN.lower()]


def test_what_was_dismissed_stays_dismissed_when_its_tag_is_deleted(make_api) -> None:
    api = make_api()
    event = {"event_id": "d", "type": "dismiss", "time": datetime.now(UTC).isoformat(), "item": "01"}
    api.call("POST", "/v1/events", key="events", user=USER, json=event)
    assert change(api, "DELETE", FROZEN).status_code == 204
    everything = api.call("GET", "/v1/recommend/for-you?k=100", user=USER).json()["results"]
    assert everything and "01" not in [one["id"] for one in everything]


def test_moving_the_switch_begins_anew(make_api) -> None:
    api = make_api()
    change(api, "DELETE", FROZEN)
    api.call("PUT", "/v1/users/me/consent", user=USER, json={"personalise": True})
    assert FROZEN not in tags_of(api), "a switch that stays where it was moves nothing"
    for personalise in (False, True):
        api.call("PUT", "/v1/users/me/consent", user=USER, json={"personalise": personalise})
    assert FROZEN in tags_of(api)


def test_a_persons_deletions_are_erased_with_the_person_and_are_nobody_elses(make_api) -> None:
    api = make_api()
    store = api.client.app.state.service.store
    buy(api, "o1", "00", user="other")
    pseudonym = store.pseudonym(USER, create=False)
    change(api, "DELETE", FROZEN)
    assert FROZEN in tags_of(api, "other")
    assert store.deleted_tags(pseudonym) == {FROZEN.lower()}
    store.erase_user(USER)
    assert store.deleted_tags(pseudonym) == frozenset()
    for file in store_files(api):
        assert b"category:food > frozen" not in file.read_bytes()


def store_files(api) -> list:
    return list(api.shop.work.glob("store.db*"))


def test_what_is_no_tag_of_the_person_cannot_be_deleted(make_api) -> None:
    api = make_api()
    for tag in ("category:Nothing", "nonsense", "category:", "...", "brand:" + "x" * 500, "a/b", "分类:茶"):
        for method in ("DELETE", "PUT"):
            assert change(api, method, tag).status_code == 404, tag
    assert change(api, "DELETE", FROZEN, user="stranger").status_code == 404
    assert api.client.app.state.service.store.pseudonym("stranger", create=False) is None
    assert change(api, "DELETE", "x" * 700).status_code == 422


@pytest.mark.parametrize(
    ("title", "category", "brand"),
    [
        ("Pregnancy test", ["Care", "Tests"], "Clearly"),
        ("Insulin pen", ["Diabetes", "Pens"], "Sweetless"),
        ("Prayer beads", ["Home", "Gifts"], "Quiet"),
        ("验孕棒", ["个护", "检测"], "安心"),
        ("Toys for children", ["Kids", "Toys"], "Bricky"),
    ],
)
def test_a_sensitive_topic_is_in_no_tag_that_is_served(make_api, title: str, category: list[str], brand: str) -> None:
    api = make_api()
    item = {"title": title, "category": category, "brand": brand, "price": 5}
    assert api.call("PUT", "/v1/items/s", key="admin", json=item).status_code == 200
    buy(api, "s", "s", user="quiet")
    found = api.call("GET", "/v1/users/me/profile", user="quiet").json()
    assert {tag["kind"] for tag in found["tags"]} == {"recency", "frequency", "value"}
    assert found["withheld_events"] == 1
    assert (found["categories"], found["brands"]) == ([], [])
    words = json.dumps(found["tags"], ensure_ascii=False)
    assert not [word for word in (title, brand, *category) if word in words]
