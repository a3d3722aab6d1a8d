"""A person sees, switches and takes along what is theirs."""

from __future__ import annotations

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
        "personalise": False, "events": 0, "baskets": 0, "categories": [], "brands": [], "recent": [], "bought": {},
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


def test_a_switch_that_is_neither_on_nor_off_is_refused(make_api) -> None:
    api = make_api()
    for body in ({}, {"personalise": "maybe"}, {"personalise": None}, {"personalise": True, "user": "x"}):
        assert api.call("PUT", "/v1/users/me/consent", user=USER, json=body).status_code == 422
