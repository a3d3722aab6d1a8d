"""The conformance suite of tasks that are learned from a table: the project's own pass it, and a plug-in's can run it.

check_task("my_task", TaskSample(...), tmp_path, learn_estimator)
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tradewind.engine.estimators import open_estimator
from tradewind.settings import Shop, load_shop
from tradewind.telemetry import Progress, SilentProgress
from tradewind.testing.asked import Asked, inputs_of
from tradewind.testing.pretrained import tiny_encoder, tiny_pictures

NAME: Final = "tried"
Learn = Callable[[Shop, str, Progress], Any]
"""`tradewind.flows.estimators.learn_estimator`."""
_ALONE: Final = """
import json, sys
for name in ("torch", "transformers", "sklearn", "peft"):
    sys.modules[name] = None
from pathlib import Path
from tradewind.engine.estimators import open_estimator
from tradewind.settings import load_shop
from tradewind.testing.asked import inputs_of
inputs = inputs_of(json.loads(sys.argv[2]), Path(sys.argv[1]))
print(json.dumps(open_estimator(load_shop(Path(sys.argv[1])), "tried").predict(inputs, 2)))
"""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no example, and the field and reason under which it has to be listed."""

    row: Mapping[str, Any]
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class TaskSample:
    """What a task is tried with: 20 rows or more that teach something, rows that are no examples, and what is asked.

    `columns` are `text`, `target` and so on as `examples` in shop.yaml has them, `words` what the tiny encoder knows,
    and `inputs` texts, (query, texts) for tasks that compare two, or {"picture": name} for tasks that read pictures.
    `files` are what lies in the shop's folder by name, such as the pictures that rows and inputs name.
    """

    columns: Mapping[str, str]
    good: Sequence[Mapping[str, Any]]
    bad: Sequence[BadRow]
    words: Sequence[str]
    inputs: Sequence[Asked]
    options: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def check_task(task: str, sample: TaskSample, folder: Path, learn: Learn) -> None:
    """Raises AssertionError where the registered `task` breaks what the product builds on.

    It is learned in `folder` on a tiny encoder, or for pictures on a model of two blocks; a minute at most. Bad rows
    have to be listed with file, line, field and reason; the report needs baselines; the compressed model has to keep
    the original's answers; the card has to be written; and answers have to be the same without torch, and in any
    company.
    """
    shop = _shop(task, sample, folder)
    learned = learn(shop, NAME, SilentProgress())
    _check_rows(shop, sample)
    _require(len(learned.result.metrics) > 1, "the report has no baseline beside the model")
    _require(learned.result.metrics["tuned"] != {}, "the report has no figure of the model")
    _require(learned.card.as_json()["task"] == task, "the card does not name the task")
    _require(learned.artefact.manifest.profile["parity"]["correlation"] >= 0.99, "the compressed model is another one")
    inputs = inputs_of(sample.inputs, folder)
    opened = open_estimator(shop, NAME)
    answers = opened.predict(inputs, 2)
    _require(json.loads(json.dumps(answers)) == answers, "answers are no JSON values")
    _require(answers == [opened.predict([one], 2)[0] for one in inputs], "an answer depends on its company")
    _require(_without_torch(folder, sample) == answers, "answers differ without torch")


def _shop(task: str, sample: TaskSample, folder: Path) -> Shop:
    encoder = tiny_encoder(folder / "encoder", list(sample.words), by_character=True)
    options = dict(sample.options)
    if "picture" in sample.columns:
        options |= {"pretrained": f"dir:{tiny_pictures(folder / 'pictures-model')}", "size": 16}
    for name, content in sample.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    estimator = {
        "task": task,
        "batch_size": 8,
        "learning_rate": 0.01,
        "max_steps": 30,
        "options": options,
        "examples": {"source": {"path": "rows.jsonl"}, **sample.columns},
    }
    settings = {
        "shop": "tiny",
        "languages": ["en", "zh"],
        "items": {"source": {"path": "items.csv"}, "id": "id", "title": "title"},
        "events": [],
        "encoder": {"pretrained": f"dir:{encoder}", "trim_vocabulary": False},
        "learn": {"effort": "quick", "threads": 1, "estimators": {NAME: estimator}},
    }
    (folder / "shop.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    rows = [*sample.good, *(bad.row for bad in sample.bad)]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    return load_shop(folder)


def _check_rows(shop: Shop, sample: TaskSample) -> None:
    listed = (shop.quarantine / f"estimator-{NAME}.jsonl").read_text(encoding="utf-8").splitlines()
    found = {(one["line"], one["field"], one["reason"]) for one in map(json.loads, listed)}
    first = len(sample.good) + 1
    wanted = {(first + place, bad.field, bad.reason) for place, bad in enumerate(sample.bad)}
    _require(found == wanted, f"bad rows are listed as {sorted(found)}, not as {sorted(wanted)}")


def _without_torch(folder: Path, sample: TaskSample) -> Any:
    told = [sys.executable, "-c", _ALONE, str(folder), json.dumps(list(sample.inputs))]
    done = subprocess.run(told, capture_output=True, text=True, check=False, timeout=600)
    _require(done.returncode == 0, f"a machine without torch cannot answer: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
