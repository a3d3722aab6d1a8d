"""Classifier bundles: a head on an encoder, and bundles whose parts do not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.export import export_classifier
from tradewind.errors import ArtefactError, ModelError
from tradewind.runtime.classifier import OnnxClassifier
from tradewind.runtime.encoder import OnnxEncoder

LABELS = ["Dairy", "Bakery", "茶"]


@pytest.fixture(scope="session")
def classifier_folder(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head whose rows are the vectors of three texts, so that each text is of its own label."""
    weight = OnnxEncoder(bundle).encode(["milk", "bread", "tea"], "passage") * 40
    return export_classifier(bundle, tmp_path_factory.mktemp("classifier"), LABELS, weight, np.zeros(3))


def test_the_likeliest_labels_come_first_with_their_probabilities(classifier_folder: Path) -> None:
    classifier = OnnxClassifier(classifier_folder)
    assert classifier.labels == ("Dairy", "Bakery", "茶")
    best = classifier.predict(["bread", "tea"], k=2)
    assert [found[0][0] for found in best] == ["Bakery", "茶"]
    assert all(first[1] >= second[1] for first, second in best)


def test_probabilities_of_a_text_sum_to_one(classifier_folder: Path) -> None:
    scores = OnnxClassifier(classifier_folder).scores(["milk", "bread tea", ""])
    assert scores.shape == (3, 3)
    assert np.allclose(scores.sum(axis=1), 1.0, atol=1e-6)


def test_more_labels_than_there_are_gives_all(classifier_folder: Path) -> None:
    assert len(OnnxClassifier(classifier_folder).predict(["milk"], k=99)[0]) == 3


def test_no_text_gives_no_answer(classifier_folder: Path) -> None:
    assert OnnxClassifier(classifier_folder).predict([]) == []


def test_a_prediction_does_not_depend_on_its_company(classifier_folder: Path) -> None:
    classifier = OnnxClassifier(classifier_folder)
    texts = ["milk", "bread bread", "tea", "milk tea", "unknown"] * 5
    together = classifier.scores(texts)
    for row, text in enumerate(texts):
        assert np.array_equal(together[row], classifier.scores([text])[0])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("labels.json", json.dumps(["only one"])),
        ("labels.json", "{}"),
        ("labels.json", "not json"),
        ("head.safetensors", "not tensors"),
    ],
)
def test_parts_that_do_not_fit_are_refused_by_name(
    classifier_folder: Path, tmp_path: Path, name: str, content: str
) -> None:
    broken = shutil.copytree(classifier_folder, tmp_path / "broken")
    (broken / name).write_text(content)
    with pytest.raises(ArtefactError):
        OnnxClassifier(broken)


def test_a_head_of_another_shape_is_not_exported(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not give 3 labels"):
        export_classifier(bundle, tmp_path / "out", LABELS, np.zeros((3, 7)), np.zeros(3))
