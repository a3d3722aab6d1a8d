"""POST /v1/predict/purchase: whose purchases count, what is never answered, and which model answers."""

from __future__ import annotations

import math
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tradewind.engine.purchases import KIND, NAME
from tradewind.registry.pointers import current
from tradewind.testing.engine import USER

PATH = "/v1/predict/purchase"
ITEMS = ["00", "01", "10", "20", "gone"]
AT = "2026-01-10T00:00:00Z"


def bought(item: str, day: int) -> dict[str, Any]:
    return {"item": item, "time": f"2026-01-0{day}T10:00:00Z", "basket": f"b{day}", "value": 2.0}


def ask(api: Any, user: str | None = None, **body: Any) -> Any:
    return api.call("POST", PATH, user=user, json={"items": ITEMS, **body})


def by_item(answered: Any) -> dict[str, Any]:
    assert answered.status_code == 200, answered.text
    return {one["item"]: one for one in answered.json()["predictions"]}


def chance(times: int) -> float:
    """What the model of the fixture says of a category bought so often: sigmoid(.8 · ln(1 + times) − 2)."""
    return 1 / (1 + math.exp(2 - 0.8 * math.log1p(times)))


def test_a_given_history_makes_a_probability_for_each_item_or_a_reason(api: Any) -> None:
    answered = ask(api, history=[bought("00", 1), bought("02", 3), bought("00", 5)], at=AT)
    found = by_item(answered)
    assert list(found) == ITEMS
    assert found["00"] == {"item": "00", "category": "Food > Frozen", "probability": pytest.approx(chance(3), abs=1e-6)}
    assert found["01"]["probability"] == found["00"]["probability"], "the model speaks of categories"
    assert found["10"]["probability"] == pytest.approx(chance(0), abs=1e-6)
    assert found["20"] == {"item": "20", "reason": "category-never-sold"}
    assert found["gone"] == {"item": "gone", "reason": "unknown-item"}
    assert answered.json()["horizon_days"] == 7.0
    assert answered.json()["version"] == current(api.shop.artefacts, KIND, NAME)


def test_what_was_bought_after_the_moment_counts_for_nothing(api: Any) -> None:
    early = ask(api, history=[bought("00", 1)], at="2026-01-04T00:00:00Z")
    assert ask(api, history=[bought("00", 1), bought("00", 5)], at="2026-01-04T00:00:00Z").content == early.content
    refused = ask(api, history=[bought("00", 5)], at="2026-01-04T00:00:00Z")
    assert refused.status_code == 400
    assert "no purchases before" in refused.json()["detail"]


def test_a_user_is_answered_from_their_own_events_as_if_they_had_given_them(make_api: Any) -> None:
    api = make_api()
    at = datetime.now(UTC).isoformat()
    held = api.call("GET", "/v1/users/me/export", user=USER).json()["events"]
    given = [{name: event[name] for name in ("item", "time", "basket", "value")} for event in held]
    mine = by_item(ask(api, user=USER, at=at))
    assert mine == by_item(ask(api, history=given, at=at))
    assert mine["00"]["probability"] == pytest.approx(chance(2), abs=1e-6)


def test_nothing_is_concluded_of_strangers_nor_with_the_switch_off_and_both_are_told_alike(make_api: Any) -> None:
    api = make_api()
    stranger, nobody = ask(api, user="stranger"), ask(api)
    api.call("PUT", "/v1/users/me/consent", user=USER, json={"personalise": False})
    off = ask(api, user=USER)
    assert {one.status_code for one in (stranger, nobody, off)} == {400}
    assert len({one.json()["detail"] for one in (stranger, nobody, off)}) == 1


def test_a_deleted_tag_is_left_out_of_probabilities_too(make_api: Any) -> None:
    api = make_api()
    deleted = api.call("DELETE", "/v1/users/me/profile/tags/category:Food > Frozen", user=USER)
    assert deleted.status_code == 204
    found = by_item(ask(api, user=USER))
    assert found["00"]["probability"] == pytest.approx(chance(0), abs=1e-6)


def test_a_sensitive_item_has_no_probability(make_api: Any) -> None:
    api = make_api()
    item = {"title": "Pregnancy test", "category": ["Food", "Frozen"]}
    assert api.call("PUT", "/v1/items/p1", key="admin", json=item).status_code == 200
    found = by_item(api.call("POST", PATH, json={"items": ["p1"], "history": [bought("00", 1)]}))
    assert found["p1"] == {"item": "p1", "reason": "sensitive"}


@pytest.mark.parametrize(
    "body",
    [{"items": []}, {"items": ["00"] * 257}, {"items": [""]}, {"items": "00"}, {"history": [{"item": "00"}]},
     {"history": [{"item": "00", "time": "2026-01-05T10:00:00"}]}, {"at": "tomorrow"}, {"at": "2026-01-05"},
     {"history": [{**bought("00", 1), "quantity": -1}]}, {"history": [{**bought("00", 1), "value": 1e300}]},
     {"user": "somebody"}],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(api: Any, body: dict[str, Any]) -> None:
    answered = api.call("POST", PATH, json={"items": ["00"], "history": [bought("00", 1)], **body})
    assert answered.status_code == 422, answered.text
    assert answered.headers["content-type"] == "application/problem+json"


def test_a_user_and_a_history_at_once_are_refused(api: Any) -> None:
    assert ask(api, user=USER, history=[bought("00", 1)]).status_code == 422


def version_of(answered: Any) -> str:
    assert answered.status_code == 200, answered.text
    return answered.json()["version"]


def test_a_newly_published_model_answers_and_an_altered_one_leaves_the_old_one(
    make_api: Any, publish: Any, tmp_path: Path
) -> None:
    api = make_api()
    first = version_of(ask(api, user=USER))
    second = publish(api.shop, tmp_path / "second")
    assert version_of(ask(api, user=USER)) == second != first
    third = publish(api.shop, tmp_path / "third")
    altered = api.shop.artefacts / KIND / NAME / third / "purchase.json"
    altered.chmod(0o644)
    altered.write_text(altered.read_text().replace("-2.0", "9.0"))
    assert version_of(ask(api, user=USER)) == second


def test_without_a_model_it_is_404(make_api: Any) -> None:
    api = make_api()
    shutil.rmtree(api.shop.artefacts / KIND)
    answered = ask(api, user=USER)
    assert answered.status_code == 404
    assert "tradewind train purchase" in answered.json()["detail"]
