"""The served bundle gives the vectors and labels of the trained model, without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tradewind.errors import ArtefactError
from tradewind.models.vision.classifier import PictureClassifier
from tradewind.models.vision.efficientnet_lite import EfficientNetLite, Stage
from tradewind.models.vision.export import export_pictures
from tradewind.runtime.vision import OnnxVision, PictureInput, to_pixels

SHAPE = PictureInput(size=32, fit="pad")


@pytest.fixture(scope="module")
def classifier() -> PictureClassifier:
    torch.manual_seed(1)
    backbone = EfficientNetLite((Stage(1, 3, 2, 1, 8), Stage(2, 5, 1, 2, 8))).eval()
    return PictureClassifier(backbone, ("boots", "hat", "帽子")).eval()


@pytest.fixture(scope="module")
def bundle(classifier: PictureClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_pictures(classifier, SHAPE, tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    random = np.random.default_rng(0)
    return [Image.fromarray(random.integers(0, 255, (20 + n, 30, 3), dtype=np.uint8)) for n in range(18)]


def test_the_bundle_gives_what_the_model_gives(
    bundle: Path, classifier: PictureClassifier, pictures: list[Image.Image]
) -> None:
    pixels = torch.from_numpy(np.stack([to_pixels(picture, SHAPE) for picture in pictures]))
    with torch.no_grad():
        vectors, logits = classifier.vectors(pixels), classifier(pixels)
    served = OnnxVision(bundle)
    found = served.encode(pictures)
    assert np.allclose(found, vectors.numpy(), atol=1e-4)
    assert np.allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    best = served.predict(pictures, k=3)
    assert [one[0][0] for one in best] == [classifier.labels[n] for n in logits.argmax(-1).tolist()]
    assert all(abs(sum(share for _, share in one) - 1.0) < 1e-5 for one in best)


def test_no_picture_gives_no_vector(bundle: Path) -> None:
    served = OnnxVision(bundle)
    assert served.encode([]).shape == (0, served.dimension)
    assert served.predict([]) == []


def test_a_bundle_that_lacks_its_facts_is_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="not a picture model"):
        OnnxVision(tmp_path)
    (tmp_path / "vision.json").write_text('{"dimension": 0}')
    with pytest.raises(ArtefactError, match="not understood"):
        OnnxVision(tmp_path)


def test_serving_pictures_never_loads_torch(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "boots.png"
    Image.new("RGB", (40, 30), (90, 60, 30)).save(path)
    code = (
        "import sys; from pathlib import Path;"
        "from tradewind.runtime.pictures import open_picture; from tradewind.runtime.vision import OnnxVision;"
        f"found = OnnxVision(Path({str(bundle)!r})).predict([open_picture(Path({str(path)!r}))]);"
        "assert len(found) == 1; assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
