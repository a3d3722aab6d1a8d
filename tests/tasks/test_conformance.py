"""Every registered task passes the conformance suite that a plug-in's would run."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tradewind import plugins
from tradewind.flows.estimators import learn_estimator
from tradewind.testing.tasks import BadRow, TaskSample, check_task

THINGS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}
WORDS = ("[PAD]", "[UNK]", "passage", "query", ":", "acme", "zeta", "good", "bad", "red", "blue", *THINGS, *"123456789")
NUMBERS = range(1, 9)


def drawn(red: int, blue: int, seed: int) -> bytes:
    """Returns a PNG of noise in one colour."""
    pixels = np.random.default_rng(seed).integers(0, 90, (20, 16, 3), dtype=np.uint8)
    pixels += np.array([red, 0, blue], dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


PICTURES = {f"pictures/{n}.png": drawn(150 * (n % 2), 150 * (1 - n % 2), n) for n in range(40)}

SAMPLES = {
    "category": TaskSample(
        {"text": "title", "target": "shelf", "group": "group"},
        [
            {"title": f"{thing} {n}", "shelf": f"{shelf} > {thing}", "group": str(n)}
            for thing, shelf in THINGS.items()
            for n in NUMBERS
        ],
        [
            BadRow({"title": "milk 9", "shelf": "dairy >", "group": "9"}, "target", "empty_level"),
            BadRow({"title": "", "shelf": "dairy"}, "text", "empty_text"),
        ],
        WORDS,
        ["milk 3", "rolls"],
    ),
    "rating": TaskSample(
        {"text": "review", "target": "stars", "group": "group"},
        [
            {"review": f"{word} {thing} {n}", "stars": stars, "group": str(n)}
            for thing in THINGS
            for word, stars in (("good", 5), ("bad", 1))
            for n in NUMBERS
        ],
        [
            BadRow({"review": "good", "stars": "many"}, "target", "not_a_number"),
            BadRow({"review": "good", "stars": "4.5"}, "target", "not_a_whole_number"),
        ],
        WORDS,
        ["good milk", "bad bread 2"],
    ),
    "tag": TaskSample(
        {"text": "title", "target": "marks"},
        [
            {
                "title": f"{colour} {brand} {thing}",
                "marks": f"{colour} <brand>{brand}</brand> <product>{thing}</product>",
            }
            for colour in ("red", "blue", "good", "bad")
            for brand in ("acme", "zeta")
            for thing in THINGS
        ],
        [
            BadRow({"title": "red acme", "marks": "red <brand>acme"}, "target", "tag_not_closed"),
            BadRow({"title": "red", "marks": [[0, 9, "brand"]]}, "target", "span_outside_text"),
        ],
        WORDS,
        ["red zeta milk", "milk"],
        {"linear_epochs": 2},
    ),
    "rank": TaskSample(
        {"text": "query", "second": "item", "target": "grade"},
        [
            {"query": f"{thing} {n}", "item": f"{colour} {thing}", "grade": grade}
            for thing in THINGS
            for n in NUMBERS
            for colour, grade in (("red", 2), ("blue", 0))
        ]
        + [
            {"query": f"{thing} {word}", "item": f"{colour} {thing}", "grade": grade}
            for thing in THINGS
            for word in ("good", "bad", "acme")
            for colour, grade in (("red", 2), ("blue", 0))
        ],
        [
            BadRow({"query": "milk", "item": "red milk", "grade": "-1"}, "target", "grade_out_of_range"),
            BadRow({"query": "milk", "item": "", "grade": "1"}, "second", "empty_second"),
        ],
        WORDS,
        [("milk", ["blue milk", "red milk"]), ("bread", ["red bread"])],
    ),
    "recognise": TaskSample(
        {"picture": "file", "target": "shelf"},
        [{"file": name, "shelf": f"colours > {('blue', 'red')[n % 2]}"} for n, name in enumerate(PICTURES)],
        [
            BadRow({"file": "pictures/0.png", "shelf": "colours >"}, "target", "empty_level"),
            BadRow({"file": "pictures/none.png", "shelf": "colours > red"}, "picture", "no_such_file"),
        ],
        WORDS,
        [{"picture": "pictures/0.png"}, {"picture": "pictures/1.png"}],
        {"views": 1},
        PICTURES,
    ),
}


def test_every_registered_task_has_a_sample() -> None:
    assert set(plugins.names("tasks")) == set(SAMPLES), "a new task is tried with a sample of its own"


@pytest.mark.parametrize("task", sorted(SAMPLES))
def test_the_task_conforms(task: str, tmp_path: Path) -> None:
    check_task(task, SAMPLES[task], tmp_path, learn_estimator)


def test_what_does_not_conform_is_named(tmp_path: Path) -> None:
    sample = SAMPLES["category"]
    wrong = [BadRow({"title": "milk 9", "shelf": "dairy >"}, "target", "another_reason")]
    broken = TaskSample(sample.columns, sample.good, wrong, sample.words, sample.inputs)
    with pytest.raises(AssertionError, match="bad rows are listed as"):
        check_task("category", broken, tmp_path, learn_estimator)
