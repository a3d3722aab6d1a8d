"""`recognise` as an estimator: from a table that names pictures to signed answers, on a tiny random model."""

from __future__ import annotations

import io
import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import tradewind.cli.commands  # noqa: F401  (registers the commands)
from tradewind.cli.app import app
from tradewind.data.group_rows import group_rows
from tradewind.engine.estimators import open_estimator
from tradewind.errors import ConfigError, MissingExtraError, RequestError
from tradewind.flows.estimators import LearnedEstimator, estimator_examples, learn_estimator
from tradewind.flows.explaining import explain
from tradewind.flows.rates import find_rate
from tradewind.flows.tuning import tune_estimator
from tradewind.runtime.pictures import GivenPicture, PictureError
from tradewind.settings import Shop, load_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_pictures

SHOP = """
shop: tiny
items: {{source: {{path: items.csv}}, id: id, title: title}}
events: []
learn:
  effort: quick
  threads: 1
  estimators:
    shelf: &shelf
      task: recognise
      batch_size: 8
      learning_rate: 0.003
      max_steps: 12
      options: {{pretrained: "dir:{model}", size: 16, views: 1}}
      examples: {{source: {{path: shown.csv}}, picture: file, target: shelf}}
      gate: {{metric: {{accuracy: 0.6}}, robustness_drop: 1.0, calibration_error: 1.0}}
    worded:
      <<: *shelf
      techniques: {{r_drop: 0.5}}
    texts:
      <<: *shelf
      task: category
    lora:
      <<: *shelf
      method: lora
"""


def drawn(number: int, kind: str = "PNG") -> bytes:
    """Returns a picture of noise, red where the number is odd and blue where it is even."""
    pixels = np.random.default_rng(number).integers(0, 90, (20, 16 + number % 3, 3), dtype=np.uint8)
    pixels[..., 0 if number % 2 else 2] += 150
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def write_shop(root: Path) -> Shop:
    (root / "pictures").mkdir(parents=True)
    lines = ["file,shelf"]
    for number in range(44):
        (root / f"pictures/{number}.png").write_bytes(drawn(number))
        lines.append(f"pictures/{number}.png,Colours > {('blue', 'red')[number % 2]}")
    (root / "pictures/again.png").write_bytes(drawn(7))
    (root / "pictures/text.png").write_text("no picture at all")
    (root / "pictures/short.jpg").write_bytes(drawn(3, "JPEG")[:-80])
    (root / "pictures/empty.png").touch()
    Image.new("1", (9000, 9000)).save(root / "pictures/large.png")
    (root.parent / "outside.png").write_bytes(drawn(1))
    for name in ("again", "text", "short", "empty", "large"):
        lines.append(f"pictures/{name}.{'jpg' if name == 'short' else 'png'},Colours > red")
    lines += ["../outside.png,Colours > red", "https://example.org/a.png,Colours > red", "pictures,Colours > red"]
    lines += [",Colours > red", "pictures/1.png,Colours >", "pictures/7.png,Colours > blue"]
    (root / "shown.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / "shop.yaml").write_text(SHOP.format(model=tiny_pictures(root / "model")), encoding="utf-8")
    return load_shop(root)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return write_shop(tmp_path_factory.mktemp("all") / "shop")


@pytest.fixture(scope="module")
def learned(shop: Shop) -> LearnedEstimator:
    return learn_estimator(shop, "shelf", SilentProgress())


def given(shop: Shop, *numbers: int) -> list[GivenPicture]:
    return [GivenPicture(f"{number}.png", shop.root / f"pictures/{number}.png") for number in numbers]


def test_what_is_no_picture_lies_in_quarantine_and_the_rest_is_learned(shop: Shop, learned: LearnedEstimator) -> None:
    listed = [json.loads(line) for line in (shop.quarantine / "estimator-shelf.jsonl").read_text().splitlines()]
    reasons = {(one["file"], one["line"], one["field"]): one["reason"] for one in listed}
    assert reasons == {
        ("shown.csv", 47, "picture"): "not_a_picture",
        ("shown.csv", 48, "picture"): "cut_short",
        ("shown.csv", 49, "picture"): "empty_file",
        ("shown.csv", 50, "picture"): "too_large",
        ("shown.csv", 51, "picture"): "outside_shop",
        ("shown.csv", 52, "picture"): "address_in_place_of_file",
        ("shown.csv", 53, "picture"): "no_such_file",
        ("shown.csv", 54, "picture"): "empty_picture",
        ("shown.csv", 55, "target"): "empty_level",
    }
    # The same bytes under another name are a repeat; with another label they are kept, beside the first.
    assert (learned.rows.stored, learned.rows.duplicates) == (45, 1)


def test_one_picture_never_stands_on_two_sides(shop: Shop, learned: LearnedEstimator) -> None:
    examples, _ = estimator_examples(shop, "shelf")
    rows, sides = group_rows(examples.groups, 13), defaultdict(set)
    for number, side in enumerate((rows.learned, rows.validated, rows.tested)):
        for row in side:
            sides[examples.seconds[row]].add(number)
    assert len(sides) == 44
    assert all(len(found) == 1 for found in sides.values())


def test_it_stands_beside_the_commonest_category_and_the_frozen_probe(learned: LearnedEstimator) -> None:
    found = learned.result.metrics
    assert list(found) == ["chance", "commonest label", "frozen, linear probe", "tuned"]
    assert found["tuned"]["accuracy"] > found["commonest label"]["accuracy"]
    assert (learned.result.report.parent / "contact_sheet.png").is_file()


def test_the_served_model_is_held_against_its_original_and_signed(shop: Shop, learned: LearnedEstimator) -> None:
    told = learned.artefact.manifest
    assert told.profile["parity"]["correlation"] > 0.999
    assert told.profile["parity"]["same_choice"] == 1.0
    assert told.weights["source"].startswith("dir:model")
    assert open_estimator(shop, "shelf").version == learned.artefact.version


def test_the_card_judges_categories_calibration_and_changed_pictures(learned: LearnedEstimator) -> None:
    judged = learned.card.judged
    assert judged is not None
    assert {"label Colours > red", "label Colours > blue"} <= {one.title for one in judged.slices}
    assert [one.change for one in judged.robustness] == ["mirror", "less light", "tilt", "64 pixels"]
    assert judged.calibration_error is not None
    assert judged.languages == ()
    assert not any("no tested text is in" in limit for limit in learned.card.limits)
    assert learned.card.as_json()["data"]["columns"]["picture"] == "file"


def test_a_picture_gets_its_path_of_categories_in_any_company(shop: Shop, learned: LearnedEstimator) -> None:
    opened = open_estimator(shop, "shelf")
    blue, red = opened.predict(given(shop, 0, 1), k=2)
    assert (blue["path"], red["path"]) == (["Colours", "blue"], ["Colours", "red"])
    assert [one["label"] for one in red["labels"]] == ["Colours > red", "Colours > blue"]
    assert opened.predict(given(shop, 1)) == opened.predict(given(shop, 0, 1, 2))[1:2]
    assert opened.predict([GivenPicture("sent", drawn(1))])[0]["path"] == ["Colours", "red"]


def test_a_text_is_no_picture_and_a_broken_one_is_named(shop: Shop, learned: LearnedEstimator) -> None:
    opened = open_estimator(shop, "shelf")
    with pytest.raises(RequestError, match="answers pictures"):
        opened.predict(["a red thing"])
    with pytest.raises(PictureError, match="the second: not a picture"):
        opened.predict([*given(shop, 1), GivenPicture("the second", b"GIF89a but no more")])


def test_the_command_takes_files(shop: Shop, learned: LearnedEstimator) -> None:
    files = [str(shop.root / f"pictures/{number}.png") for number in (2, 3)]
    done = CliRunner().invoke(app, ["predict", "shelf", *files, "--shop", str(shop.root), "--k", "2", "--json"])
    assert done.exit_code == 0, done.output
    assert [one["path"][-1] for one in json.loads(done.output)["predictions"]] == ["blue", "red"]
    done = CliRunner().invoke(app, ["predict", "shelf", "nowhere.png", "--shop", str(shop.root)])
    assert isinstance(done.exception, PictureError)
    assert "nowhere.png: the picture cannot be read" in str(done.exception)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("worded", "techniques.r_drop is for tasks that read texts"), ("texts", "takes no examples.picture"),
     ("lora", "use the method full or head")],
)  # fmt: skip
def test_what_pictures_cannot_be_learned_with_is_refused(shop: Shop, name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        learn_estimator(shop, name, SilentProgress())


def test_commands_about_texts_say_that_they_are(shop: Shop, learned: LearnedEstimator) -> None:
    with pytest.raises(ConfigError, match="--find-rate is for tasks that read texts"):
        find_rate(shop, "shelf", SilentProgress())
    with pytest.raises(ConfigError, match="a search is for tasks that read texts"):
        tune_estimator(shop, "shelf", 1.0, 2, SilentProgress())
    with pytest.raises(ConfigError, match="--ablate is for tasks that read texts"):
        learn_estimator(shop, "shelf", SilentProgress(), ablate=True)
    with pytest.raises(RequestError, match="no single label"):
        explain(shop, "shelf", "a red thing")


def test_without_pillow_it_is_said_what_to_install(
    shop: Shop, learned: LearnedEstimator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"tradewind\[vision\]"):
        open_estimator(shop, "shelf").predict(given(shop, 1))
