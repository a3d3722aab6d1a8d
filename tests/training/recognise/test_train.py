"""A random backbone of two blocks learns to tell red pictures from blue ones, and leaves everything a run leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tradewind.errors import ConfigError, DataError
from tradewind.models.vision.efficientnet_lite import EfficientNetLite, Stage
from tradewind.models.vision.pretrained import PictureModel
from tradewind.runtime.vision import OnnxVision, PictureInput
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.recognise.pictures import LabelledPictures
from tradewind.telemetry import SilentProgress
from tradewind.training.figures import curves_figure
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.recognise.bank import ViewBank, ViewBatches, Views
from tradewind.training.recognise.bench import RecogniseSettings
from tradewind.training.recognise.contact_sheet import one_of_each
from tradewind.training.recognise.probe import linear_probe
from tradewind.training.recognise.train import teach, train
from tradewind.training.recognise.views import Augmentation, view
from tradewind.training.tuning import method

SHAPE = PictureInput(size=16)
SETTINGS = RecogniseSettings(cut=1, views=2, validation=0.25, neighbours=2)


def model() -> PictureModel:
    torch.manual_seed(0)
    backbone = EfficientNetLite((Stage(1, 3, 2, 1, 8), Stage(1, 3, 1, 2, 8))).eval()
    return PictureModel(backbone, SHAPE, "made for this test", "none", "0")


def pictures(count: int, seed: int, labels: tuple[str, ...] = ("blue", "red")) -> LabelledPictures:
    random = np.random.default_rng(seed)
    chosen, images = [], []
    for number in range(count):
        pixels = random.integers(0, 120, (20, 16, 3))
        pixels[..., 0 if number % 2 else 2] += 120
        chosen.append(labels[number % len(labels)])
        images.append(Image.fromarray(pixels.astype(np.uint8)))
    return LabelledPictures(tuple(str(n) for n in range(count)), tuple(chosen), tuple(images))


def plan(name: str = "full", **more: object) -> Plan:
    task = TaskSettings(method=name, batch_size=8, max_steps=12, learning_rate=3e-3)
    made = plan_run(task, LearnSettings(threads=1, seed=3), Budget(12, 8, 6), method(name))
    return replace(made, **more)  # type: ignore[arg-type]


def test_it_learns_measures_exports_and_shows(tmp_path: Path) -> None:
    tested = pictures(10, 2)
    result = train(pictures(32, 1), tested, model(), plan(), tmp_path, settings=SETTINGS)
    rows = result.tables[0].rows
    assert rows["tuned"]["accuracy"] >= 0.9
    assert rows["frozen, linear probe"]["accuracy"] > rows["chance"]["accuracy"]
    assert rows["tuned"]["same label@2"] > rows["chance"]["same label@2"]
    served = OnnxVision(tmp_path / "vision").predict(tested.images)
    right = [best[0][0] == label for best, label in zip(served, tested.labels, strict=True)]
    assert np.mean(right) == pytest.approx(rows["tuned"]["accuracy"])
    with Image.open(tmp_path / "contact_sheet.png") as sheet:
        assert sheet.width > 3 * 132
    assert "recognise" in result.report.read_text(encoding="utf-8")
    assert not (tmp_path / "checkpoints").exists()
    assert not (tmp_path / "views").exists()


@pytest.mark.parametrize(("name", "moves"), [("full", {"blocks.1", "top", "head"}), ("head", {"head"})])
def test_only_what_should_move_moves_and_the_norms_never_do(name: str, moves: set[str], tmp_path: Path) -> None:
    given = model()
    before = {key: value.clone() for key, value in given.backbone.state_dict().items()}  # type: ignore[attr-defined]
    classifier, probe, curves = teach(pictures(24, 1), given, plan(name), tmp_path, settings=SETTINGS)
    changed = {key for key, value in classifier.backbone.state_dict().items() if not torch.equal(value, before[key])}
    norms = {key for key, part in classifier.backbone.named_modules() if isinstance(part, nn.BatchNorm2d)}
    assert all(any(key.startswith(place) for place in moves) for key in changed)
    assert bool(changed) == (name == "full")
    assert not any(key.startswith(norm + ".") for key in changed for norm in norms)
    assert not np.allclose(classifier.head.weight.detach().numpy(), probe.weight)
    assert len(curves.loss) > 0


def test_without_validation_everything_is_learned_and_the_last_weights_are_kept(tmp_path: Path) -> None:
    settings = replace(SETTINGS, validation=0.0)
    _, _, curves = teach(pictures(24, 1), model(), plan(patience=9), tmp_path, settings=settings)
    assert curves.best_step == curves.last_step == 12
    drawn = curves_figure(curves)
    assert "Loss" in drawn and "Validation" not in drawn, "a curve of nothing was drawn"


@pytest.mark.parametrize(
    ("given", "reason"),
    [(pictures(6, 1, ("one",)), "1 label teach nothing"), (pictures(2, 1), "a single picture")],
)
def test_too_little_to_learn_from_is_told(given: LabelledPictures, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=reason):
        teach(given, model(), plan(), tmp_path, settings=SETTINGS)


def test_a_method_for_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="lora"):
        teach(pictures(24, 1), model(), plan("lora"), tmp_path, settings=SETTINGS)


def test_a_test_of_labels_never_learned_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no picture to measure on"):
        train(pictures(24, 1), pictures(4, 2, ("x", "y")), model(), plan(), tmp_path, settings=SETTINGS)


def test_views_differ_but_keep_their_size_and_are_the_same_by_seed() -> None:
    picture = pictures(2, 5).images[0]
    one, two, again = (view(picture, SHAPE, Augmentation(), np.random.default_rng(seed)) for seed in (1, 2, 1))
    assert one.shape == two.shape == (3, 16, 16)
    assert not np.array_equal(one, two)
    assert np.array_equal(one, again)


def test_frozen_blocks_are_run_once_for_each_view_even_when_the_run_is_broken_off(tmp_path: Path) -> None:
    bank = ViewBank(model().backbone, SHAPE, 1)
    shown = pictures(5, 1).images
    states = bank.augmented(shown, Views(3, Augmentation(), 0), tmp_path, SilentProgress())
    assert states.shape[:2] == (5, 5)
    (tmp_path / "2.npy").unlink()
    (tmp_path / "4.npy").unlink()
    assert np.array_equal(bank.augmented(shown, Views(3, Augmentation(), 0), tmp_path, SilentProgress()), states)
    assert np.array_equal(bank.straight(shown, SilentProgress()), states[:, 0])
    batches = ViewBatches(states, np.arange(5), count=7, size=2, seed=0)
    assert len(batches) == 7
    assert batches[0]["states"].shape[0] == 2
    seen = np.concatenate([batches[place]["target"].numpy() for place in range(2)])
    assert len(set(seen.tolist())) == 4


def test_the_probe_knows_labels_by_their_numbers_even_when_one_is_missing() -> None:
    random = np.random.default_rng(0)
    targets = np.array([0, 2] * 10)
    views = (np.eye(4)[targets][:, None] + random.normal(0, 0.05, (20, 2, 4))).astype(np.float32)
    probe = linear_probe(views, targets, 3)
    assert probe.weight.shape == (3, 4)
    assert (probe.logits(views[:, 0]).argmax(1) == targets).all()


def test_a_contact_sheet_shows_one_of_each_label() -> None:
    assert one_of_each(["b", "a", "b", "c"], most=2) == [1, 0]
