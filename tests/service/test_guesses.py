"""Predicted attributes in a profile: off unless written, told to be guesses, deletable, and gone with the switch."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from tradewind.data.features.shopping_habits import HABITS
from tradewind.flows.publishing import publish_files
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import promote
from tradewind.settings import PredictedSettings, Shop, SourceSettings
from tradewind.tasks.profile.predicted import KIND, BandModel
from tradewind.testing.engine import USER

PROFILE = "/v1/users/me/profile"
NAMED = PredictedSettings(source=SourceSettings(path="people.csv"), user="id", target="income")


def publish(shop: Shop, files: Path, lean: float = 0.4) -> str:
    """Publishes a model that reads one column: who spends more than half on frozen food has a high income."""
    columns = (*HABITS, "Food > Frozen", "Food > Pasta")
    weights = np.zeros((len(columns), 2))
    weights[-2] = (-lean, lean)
    mean = np.full(len(columns), 0.5)
    model = BandModel("income", ("low", "high"), columns, mean, np.ones(len(columns)), weights, np.full(2, 0.5))
    artefact = publish_files(shop, KIND, "income", model.save(files), ManifestFacts())
    promote(shop.artefacts, KIND, "income", artefact.version)
    return artefact.version


def naming(shop: Shop, **changed: Any) -> Shop:
    """Returns the shop with the attribute written in its settings."""
    learn = shop.settings.learn.model_copy(update={"predicted": {"income": NAMED.model_copy(update=changed)}})
    return replace(shop, settings=shop.settings.model_copy(update={"learn": learn}))


def guesses(api: Any, user: str = USER) -> list[dict[str, Any]]:
    found = api.call("GET", PROFILE, user=user).json()["tags"]
    return [tag for tag in found if tag["kind"] == "predicted"]


def change(api: Any, method: str, tag: str) -> int:
    return api.call(method, f"{PROFILE}/tags/{quote(tag)}", user=USER).status_code


@pytest.fixture
def shop(make_shop: Callable[..., Shop], tmp_path: Path) -> Shop:
    made = make_shop()
    publish(made, tmp_path / "model")
    return made


def test_a_guess_says_that_it_is_one_and_what_it_rests_on(shop: Shop, opening: Any) -> None:
    with opening(naming(shop)) as api:
        held = {
            event["event_id"]: event for event in api.call("GET", "/v1/users/me/export", user=USER).json()["events"]
        }
        tags = api.call("GET", PROFILE, user=USER).json()["tags"]
    (guess,) = [tag for tag in tags if tag["guess"]]
    assert (guess["id"], guess["kind"], guess["value"]) == ("predicted:income: high", "predicted", "income: high")
    assert 0.5 < guess["weight"] < 1
    assert guess["note"].startswith("a guess from 4 purchases, and not something that you told; what spoke most for it")
    assert guess["rests_on"] == len(guess["evidence"]) == 4
    assert all(held[one["event"]]["item"] == one["item"] in ("00", "40") for one in guess["evidence"])
    assert all(tag["note"] == "" for tag in tags if tag is not guess)


def test_a_model_that_the_settings_do_not_name_guesses_nothing(shop: Shop, opening: Any) -> None:
    with opening(shop) as api:
        assert guesses(api) == []


def test_below_the_probability_that_is_asked_there_is_no_guess(shop: Shop, opening: Any) -> None:
    with opening(naming(shop, least_probability=0.99)) as api:
        assert guesses(api) == []


def test_a_deleted_guess_does_not_come_back_under_another_band(shop: Shop, opening: Any, tmp_path: Path) -> None:
    with opening(naming(shop)) as api:
        assert change(api, "DELETE", "predicted:income: low") == 404
        assert change(api, "DELETE", "predicted:income: high") == 204
        assert guesses(api) == []
        publish(shop, tmp_path / "turned", lean=-0.4)
        assert guesses(api) == []
        assert change(api, "PUT", "predicted:income: high") == 204
        assert [guess["value"] for guess in guesses(api)] == ["income: low"], "the new model answers"


def test_nothing_is_guessed_from_a_tag_that_was_taken_back(shop: Shop, opening: Any) -> None:
    with opening(naming(shop)) as api:
        assert change(api, "DELETE", "category:Food > Frozen") == 204
        assert [guess["value"] for guess in guesses(api)] == ["income: low"]
        assert {one["item"] for one in guesses(api)[0]["evidence"]} == {"40"}
        assert change(api, "DELETE", "category:Food > Pasta") == 204
        assert guesses(api) == []


def test_nothing_is_guessed_with_the_switch_off_nor_of_strangers(shop: Shop, opening: Any) -> None:
    with opening(naming(shop)) as api:
        assert guesses(api, "stranger") == []
        api.call("PUT", "/v1/users/me/consent", user=USER, json={"personalise": False})
        assert api.call("GET", PROFILE, user=USER).json()["tags"] == []
        assert change(api, "DELETE", "predicted:income: high") == 404


def test_answers_are_the_same_with_and_without_guesses(shop: Shop, opening: Any) -> None:
    path = "/v1/recommend/for-you?k=5"
    with opening(naming(shop)) as api:
        assert guesses(api)
        with_guesses = api.call("GET", path, user=USER).json()["results"]
    with opening(shop) as api:
        assert api.call("GET", path, user=USER).json()["results"] == with_guesses


def test_a_model_that_was_altered_is_not_asked_and_the_old_one_is(shop: Shop, opening: Any, tmp_path: Path) -> None:
    with opening(naming(shop)) as api:
        before = guesses(api)
        version = publish(shop, tmp_path / "second", lean=-0.4)
        facts = shop.artefacts / KIND / "income" / version / "bands.json"
        facts.chmod(0o644)
        facts.write_text(json.dumps(json.loads(facts.read_text()) | {"attribute": "pregnancy"}))
        assert guesses(api) == before
    with opening(naming(shop)) as api:
        assert guesses(api) == [], "a server that never opened a good one says nothing of it, and serves the rest"
