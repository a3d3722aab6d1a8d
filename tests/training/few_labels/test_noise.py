"""Wrong labels are found by models that never saw them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tradewind.data.examples import Examples
from tradewind.training.few_labels.noise import (
    confident_classes,
    out_of_fold,
    suspicious_rows,
    write_suspicious,
)

CLASSES, EACH, WRONG = 4, 40, 16


def table(seed: int) -> tuple[list[str], np.ndarray, list[str], set[int]]:
    """Four classes of vectors that overlap a little, with a tenth of the labels set wrong."""
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(CLASSES), EACH)
    vectors = np.eye(CLASSES, 12)[truth] + random.normal(0, 0.25, (len(truth), 12)) + 3.0
    given = truth.copy()
    planted = random.choice(len(truth), WRONG, replace=False)
    given[planted] = (truth[planted] + random.integers(1, CLASSES, WRONG)) % CLASSES
    groups = [f"g{row}" for row in range(len(truth))]
    return [f"c{label}" for label in given], vectors.astype(np.float32), groups, set(planted.tolist())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_errors_are_found_far_above_chance(seed: int) -> None:
    labels, vectors, groups, planted = table(seed)
    found = suspicious_rows(labels, vectors, groups, seed=13)
    hits = planted & {one.row for one in found}
    chance = len(found) * WRONG / len(labels)
    assert len(hits) >= 0.6 * WRONG
    assert len(hits) > 3 * chance
    assert {one.row for one in found[:8]} <= planted


def test_the_label_that_is_proposed_is_the_true_one() -> None:
    labels, vectors, groups, planted = table(4)
    found = [one for one in suspicious_rows(labels, vectors, groups, seed=13) if one.row in planted]
    right = [one.likely == f"c{one.row // EACH}" for one in found]
    assert np.mean(right) > 0.8
    assert all(one.given == labels[one.row] != one.likely for one in found)


def test_no_row_is_judged_by_a_model_that_saw_its_group() -> None:
    # Every group has a direction of its own: whoever saw the group knows the label, nobody else can.
    classes, groups = np.repeat([0, 1], 20), [f"g{row // 2}" for row in range(40)]
    found = out_of_fold(np.repeat(np.eye(20, dtype=np.float32), 2, axis=0), classes, groups, seed=13)
    assert np.mean(found.argmax(axis=1) == classes) <= 0.5


def test_a_class_too_small_for_the_folds_is_neither_judged_nor_proposed() -> None:
    labels, vectors, groups, _ = table(5)
    labels[0], labels[1] = "rare", "rare"
    found = suspicious_rows(labels, vectors, groups, seed=13)
    assert found
    assert "rare" not in {name for one in found for name in (one.given, one.likely)}


def test_one_class_alone_has_nothing_to_be_confused_with() -> None:
    assert suspicious_rows(["a"] * 9, np.ones((9, 2), np.float32), [str(n) for n in range(9)], seed=13) == []


def test_thresholds_are_those_of_each_class() -> None:
    # Class 1 is always given little; 0.4 of it is much, 0.6 of class 0 is little.
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.7, 0.3], [0.6, 0.4]], np.float32)
    assert confident_classes(probabilities, np.array([0, 0, 1, 0])).tolist() == [0, 0, 1, 1]


def test_the_file_names_each_row_where_it_stands(tmp_path: Path) -> None:
    labels, vectors, groups, _ = table(6)
    found = suspicious_rows(labels, vectors, groups, seed=13)
    texts = [f"=text {row}" for row in range(len(labels))]
    places = [f"t:1.csv:{row + 2}" for row in range(len(labels))]
    path = write_suspicious(tmp_path, Examples(texts, [], labels, groups, places), found)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found)
    assert (rows[0]["file"], int(rows[0]["line"])) == ("t:1.csv", found[0].row + 2)
    assert rows[0]["text"] == f"'=text {found[0].row}"
    assert (rows[0]["given"], rows[0]["likely"]) == (found[0].given, found[0].likely)
