"""Tuning methods beside one another on product titles, with the same steps and batches for each.

    python benchmarks/methods.py [--data ../shared/data/product_classification_zh] [--methods full,lora,head] [--quick]
    python benchmarks/methods.py --data ../shared/data/livostyle_fashion_en --pretrained package:minilm

Claims: LoRA within one point of full tuning at 1 % of the model's parameters or fewer, and a step of the head on
vectors that were computed once 50 times faster than a full one. Titles are split by normalised title (numbers, colours
and sizes out); the label is the middle level of the category path, and the breadcrumb column is never read. Each method
learns with a fixed multiple of its own rate; --rates 0.5,1,2 tries several and keeps the one that validates best. With
--out a broken run goes on with what is left of it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import sys
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import pyarrow.parquet as pq
from transformers.utils import logging as transformers_logging

from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Page, Table
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.models.pretrained import resolve
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.label_tree import LabelTree, label_tree
from tradewind.training.category import Categorised, CategoryTask
from tradewind.training.figures import bars_figure
from tradewind.training.method_report import Comparison, MethodResult, measure_method, method_table
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.supervised.run import RunSettings
from tradewind.training.tuning import method

VARIANT = re.compile(
    r"[\d.]+|[黑白红蓝绿黄灰紫粉棕橙银金]色?|男[士款式]?|女[士款式]?|均码|[xX]*[sSmMlL]码?(?![a-zA-Z])"
)
METHODS: dict[str, dict[str, Any]] = {
    "full": {},
    "lora": {"rank": 8, "alpha": 16},
    "head": {},
    "partial": {"layers": 4},
    "adapter": {"width": 32},
    "ia3": {},
    "adalora": {},
    "prefix": {},
    "prompt": {},
}
HASTE = {"full": 3.0, "partial": 3.0, "lora": 4.0, "head": 20.0}
"""How many times its usual rate a method learns with in so short a run."""


@dataclass(frozen=True)
class Size:
    """How much a run takes in."""

    learned: int
    validated: int
    tested: int
    steps: int
    batch: int
    tokens: int


SIZES = {"full": Size(2000, 200, 1500, 140, 32, 32), "quick": Size(96, 24, 48, 10, 16, 24)}


def examples(data: Path, size: Size, seed: int) -> tuple[LabelTree, list[Categorised]]:
    """Returns the classes, and the titles to learn from, to validate on and to test on."""
    rows = labelled(data)
    tree = label_tree([(label,) for _, label in rows])
    number = {path[0]: place for place, path in enumerate(tree.classes)}
    groups: dict[str, tuple[str, str]] = {}
    for title, label in rows:
        # One title a group: what differs in size or colour only would stand on both sides, or count twice.
        groups.setdefault(normalised(title), (title, label))
    order = sorted(groups, key=lambda group: hashlib.sha256(f"{seed} {group}".encode()).digest())
    sides, start = [], 0
    for count in (size.learned, size.validated, size.tested):
        taken = [groups[group] for group in order[start : start + count]]
        found = np.array([number[label] for _, label in taken], dtype=np.int64)
        sides.append(Categorised(tuple(title for title, _ in taken), found))
        start += count
    return tree, sides


def labelled(data: Path) -> list[tuple[str, str]]:
    """Returns titles with the middle level of their category path, of either folder of product titles."""
    table = pq.read_table(data / "products.parquet")
    column, parted, level = ("category_path", "|", 1)
    if "category_full_path" in table.column_names:
        column, parted, level = ("category_full_path", " > ", 2)
    paths = [path.split(parted) if path else [] for path in table[column].to_pylist()]
    rows = zip(table["title"].to_pylist(), paths, strict=True)
    return [(title, path[level]) for title, path in rows if title and len(path) > level]


def normalised(title: str) -> str:
    """Returns a title without its numbers, colours, sizes and signs: what variants of one product share."""
    plain = VARIANT.sub(" ", unicodedata.normalize("NFKC", title).lower())
    return " ".join(re.findall(r"\w+", plain))


def planned(name: str, size: Size, seed: int, rate: float) -> Plan:
    """Returns the plan of one method's run at `rate` times its rate here; steps and batches are the same for all."""
    settings = TaskSettings(method=name, method_options=METHODS[name], patience=100)
    budget = Budget(size.steps, size.batch, max(1, size.steps // 4), haste=HASTE.get(name, 2.0) * rate)
    return plan_run(settings, LearnSettings(seed=seed, threads=1), budget, method(name, METHODS[name]))


def right(outputs: list[Any], side: Any) -> Any:
    """Returns 1 for each title whose class was named, else 0."""
    return (np.stack(outputs).argmax(1) == side.classes).astype(np.float64)


def measured(comparison: Comparison, plan: Plan, out: Path | None) -> MethodResult:
    """Returns a method's result, from the folder `out` when the same run has been done before."""
    file = out / f"{plan.method}-{plan.fingerprint(*comparison.examples[0].texts)[:16]}.json" if out else None
    if file and file.is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        return MethodResult(**(kept | {"scores": np.array(kept["scores"])}))
    found = measure_method(comparison, plan)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(found) | {"scores": found.scores.tolist()}), encoding="utf-8")
    return found


def claims(results: dict[str, MethodResult], movable: int) -> list[Claim]:
    """Returns the claims that the methods measured allow."""
    full, found = results["full"], []
    if "lora" in results:
        lora = results["lora"]
        found.append(
            Claim(
                "LoRA's accuracy plus one point, against full tuning",
                float(lora.scores.mean()) + 0.01,
                float(full.scores.mean()),
                "share",
                1.0,
            )
        )
        found.append(
            Claim("LoRA's parameters, of the whole model's", lora.trained, lora.parameters, "n", 0.01, "lower")
        )
        found.append(Claim("LoRA's parameters, of what full tuning moves", lora.trained, movable, "n", 0.01, "lower"))
    if "head" in results:
        found.append(Claim("a step of the head on kept states", full.step_ms, results["head"].step_ms, "ms", 50.0))
    return found


def main() -> int:
    """Prints the table and the claims; returns 2 without the data, 1 when a claim does not hold in a full run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/product_classification_zh"))
    parser.add_argument("--pretrained", default="package:e5", help="package:minilm for English titles")
    parser.add_argument("--methods", help="which of them, with commas between; full always runs")
    parser.add_argument("--rates", default="1", help="factors of every learning rate; the best on validation counts")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--out", type=Path, help="keep each method's result here")
    parser.add_argument("--quick", action="store_true", help="a minute: too few titles to say anything of accuracy")
    parser.add_argument("--json", action="store_true", help="one claim a line")
    given = parser.parse_args()
    if not (given.data / "products.parquet").is_file():
        print(f"{given.data} is not there: this benchmark needs that data", file=sys.stderr)
        return 2
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    size = SIZES["quick" if given.quick else "full"]
    chosen = (given.methods or ("lora,head" if given.quick else ",".join(METHODS))).split(",")
    tree, sides = examples(given.data, size, given.seed)
    task = CategoryTask(tree, flat=True)
    comparison = Comparison(
        task, resolve(given.pretrained), (sides[0], sides[1], sides[2]), right, RunSettings(max_tokens=size.tokens)
    )
    results = {}
    for name in dict.fromkeys(["full", *chosen]):
        plans = [planned(name, size, given.seed, float(rate)) for rate in given.rates.split(",")]
        tried = [measured(comparison, plan, given.out) for plan in plans]
        results[name] = max(tried, key=lambda result: result.validated)
        print(json.dumps({"method": name} | results[name].row), file=sys.stderr, flush=True)
    found = claims(results, results["full"].trained)
    if given.quick:
        found = [claim for claim in found if claim.unit != "share"]
    table = compared(comparison, results, size, given.seed)
    if given.out:
        write_page(table, given.out)
    if given.json:
        for claim in found:
            print(json.dumps(claim.as_json()))
    else:
        print(table.as_text())
        for claim in found:
            print(f"{'holds' if claim.holds else 'FAILS'}  {json.dumps(claim.as_json())}")
    return 0 if given.quick or all(claim.holds for claim in found) else 1


def compared(comparison: Comparison, results: dict[str, MethodResult], size: Size, seed: int) -> Table:
    """Returns the table, with each method's difference to full tuning and its 95 % interval in the notes."""
    notes = [
        f"{len(comparison.examples[0].texts)} titles learned in {size.steps} steps of {size.batch}, "
        f"{len(comparison.examples[2].texts)} tested, {comparison.task.outputs} classes; "
        f"{comparison.checkpoint.weights_source}, vocabulary trimmed; one thread, processor time; seed {seed}"
    ]
    for name, result in results.items():
        if name != "full":
            gain = paired_bootstrap(result.scores, results["full"].scores)
            notes.append(f"{name} minus full: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]")
    return method_table("Accuracy by method", results, tuple(notes))


def write_page(table: Table, out: Path) -> None:
    """Writes methods.html into `out`: the table and its bars."""
    bars = bars_figure(table.title, table.rows, ("metric", "ms a step", "MB at peak"), "lora")
    out.mkdir(parents=True, exist_ok=True)
    page = Page("Tuning methods beside one another", {}, (table,), (bars,))
    (out / "methods.html").write_text(page.as_html(), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
