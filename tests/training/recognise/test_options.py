"""What shop.yaml may say of learning from pictures, and what it may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tradewind.errors import ConfigError, ModelError
from tradewind.models.vision.efficientnet_lite import EfficientNetLite, Stage
from tradewind.models.vision.pretrained import load_backbone, save_backbone
from tradewind.settings import EstimatorSettings, LearnSettings
from tradewind.training.recognise.options import options_of, plan_of, require_pictures_can, run_settings_of

EXAMPLES = {"source": {"path": "a.csv"}, "picture": "p", "target": "t"}


def settings(**more: Any) -> EstimatorSettings:
    return EstimatorSettings.model_validate({"task": "recognise", "examples": EXAMPLES, **more})


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"techniques": {"augment": ["typos"]}}, "techniques.augment"),
        ({"techniques": {"members": 3}}, "techniques.members"),
        ({"knowledge": {"tree": True}}, "knowledge.tree"),
        ({"continual": {}}, "continual"),
        ({"max_tokens": 32}, "max_tokens"),
        ({"gate": {"old_slices": 0.9}}, "gate.old_slices"),
    ],
)
def test_what_only_texts_have_is_refused_by_its_name(more: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=f"{named} is for tasks that read texts"):
        require_pictures_can(settings(**more), "shelf")


def test_what_pictures_have_is_taken() -> None:
    given = settings(techniques={"ema": 0.9, "checkpoints": 2, "combine": "uniform", "label_smoothing": 0.2}, blocks=3)
    require_pictures_can(given, "shelf")
    plan = plan_of(LearnSettings(), given, 400)
    assert (plan.ema, plan.checkpoints, plan.soup) == (0.9, 2, "uniform")
    run = run_settings_of(LearnSettings(effort="full"), given, depth=16)
    assert (run.cut, run.views, run.smoothing) == (13, 8, 0.2)


@pytest.mark.parametrize(("effort", "steps"), [("quick", 125), ("normal", 250), ("full", 375)])
def test_an_effort_is_a_number_of_epochs_and_of_views(effort: Any, steps: int) -> None:
    learn = LearnSettings(effort=effort)
    assert plan_of(learn, settings(), 1000).steps == steps
    assert plan_of(learn, settings(), 30).steps == 30
    assert plan_of(learn, settings(max_steps=7), 1000).steps == 7
    assert run_settings_of(learn, settings(), 16).cut == 11
    assert run_settings_of(learn, settings(options={"views": 0}), 2).views == 0


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"sise": 64}, "'sise'"), ({"size": 4}, "'size'"), ({"fit": "stretch"}, "'fit'"), ({"views": -1}, "'views'")],
)
def test_a_wrong_option_is_told_with_those_there_are(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=rf"{reason}.*it takes: pretrained, size, fit, views"):
        options_of(given)


def test_a_model_of_other_stages_is_loaded_as_it_was_saved_and_fitted_as_asked(tmp_path: Path) -> None:
    stages = (Stage(1, 3, 2, 1, 8), Stage(2, 5, 1, 2, 8))
    save_backbone(EfficientNetLite(stages), tmp_path)
    assert load_backbone(tmp_path).stages == stages
    model = options_of({"pretrained": f"dir:{tmp_path}", "size": 32, "fit": "crop"}).model()
    assert (model.input.size, model.input.fit, model.backbone.depth) == (32, "crop", 3)
    with pytest.raises(ModelError, match="no picture model is called"):
        options_of({"pretrained": "nothing"}).model()
