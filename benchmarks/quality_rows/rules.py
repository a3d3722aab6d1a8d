"""What hand-written rules are worth where labels are few: a head's accuracy with and without them, on the same titles.

    python benchmarks/quality_rows/rules.py --data ../shared/data/product_classification_zh [--quick] [--json]

Leaves of clothing, shoes and bags. A leaf's only rule is its own name, written without a look at a title. Of each leaf
five titles are learned, five validated, fifty tested, and 140 lie unlabelled; no two of them differ in numbers alone.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import pyarrow.parquet as pq

from tradewind.data.examples import Examples, without_numbers
from tradewind.data.group_rows import GroupRows
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.classification import accuracy, macro_f1
from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.models.pretrained import resolve
from tradewind.settings import load_shop
from tradewind.tasks.category import Category
from tradewind.tasks.label_probabilities import label_probabilities
from tradewind.telemetry import SilentProgress
from tradewind.training.estimator_run import EstimatorJob, EstimatorRun
from tradewind.training.few_labels.weak import WeakLabels, weak_labels
from tradewind.training.knowledge import ablated, applied
from tradewind.training.supervised.run import outputs_of
from tradewind.training.supervised.task import Rows

TOP = "服饰、鞋、包"
LEARNED, VALIDATED, TESTED, POOL = 5, 5, 50, 140
SHOP = """
shop: rules
languages: [zh]
items: {source: {path: items.csv}, id: id, title: title}
learn:
  effort: quick
  threads: 1
  seed: SEED
  estimators:
    leaf:
      task: category
      method: head
      examples:
        source: {path: labelled.csv}
        text: title
        target: kind
        unlabelled: {source: {path: pool.csv}, text: title}
      knowledge: {rules: rules.yaml}
"""


@dataclass(frozen=True)
class Titles:
    """Titles with their leaf's path: those with a label on three sides, and those whose label nobody tells."""

    examples: Examples
    rows: GroupRows
    pool: list[str]
    leaves: list[tuple[str, ...]]


def read(data: Path, seed: int, most: int) -> Titles:
    """Returns the titles of the `most` greatest leaves whose name is one word that no other leaf has."""
    table = pq.read_table(data / "products.parquet", columns=["category_path", "title"])
    by_leaf: dict[tuple[str, ...], dict[str, str]] = {}
    seen: set[str] = set()
    for path, title in zip(*(column.to_pylist() for column in table.columns), strict=True):
        levels, plain = tuple((path or "").split("|")), without_numbers(title or "")
        if levels[0] == TOP and title and plain not in seen:
            seen.add(plain)
            by_leaf.setdefault(levels, {})[plain] = title
    names = Counter(path[-1] for path in by_leaf)
    wanted = LEARNED + VALIDATED + TESTED + POOL
    plain_names = [p for p in by_leaf if names[p[-1]] == 1 and "、" not in p[-1] and "其" not in p[-1]]
    leaves = sorted((p for p in plain_names if len(by_leaf[p]) >= wanted), key=lambda p: (-len(by_leaf[p]), p))[:most]
    sides: list[list[tuple[str, tuple[str, ...]]]] = [[], [], [], []]
    for path in leaves:
        titles = sorted(by_leaf[path].values())
        random.Random(seed).shuffle(titles)
        for side, count in zip(sides, (LEARNED, VALIDATED, TESTED, POOL), strict=True):
            side += [(titles.pop(), path) for _ in range(count)]
    every = [row for side in sides[:3] for row in side]
    texts, paths = [title for title, _ in every], [path for _, path in every]
    ends = np.cumsum([len(side) for side in sides[:3]])
    rows = GroupRows(*np.split(np.arange(ends[2]), ends[:2]))
    return Titles(Examples(texts, [""] * len(texts), paths, texts), rows, [title for title, _ in sides[3]], leaves)


def named(run: EstimatorRun, texts: list[str]) -> list[str]:
    """Returns the label that a model gives each text."""
    outputs = outputs_of(run.done.model, Rows(run.done.model.encoder.tokens(texts, "passage"), {}))
    found = label_probabilities(Category().reader(run.recipe.config()), outputs, texts)
    return [found.labels[place] for place in found.values.argmax(axis=1)]


def learn(titles: Titles, seed: int, root: Path) -> tuple[dict[str, list[str]], WeakLabels]:
    """Returns what the rules alone, the model without them and the model with them say of the tested titles."""
    (root / "shop.yaml").write_text(SHOP.replace("SEED", str(seed)), encoding="utf-8")
    rules = [f"- {{words: ['{path[-1]}'], label: '{' > '.join(path)}'}}\n" for path in titles.leaves]
    (root / "rules.yaml").write_text("".join(rules), encoding="utf-8")
    with (root / "pool.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["title"], *([title] for title in titles.pool)])
    shop = load_shop(root)
    asked = shop.settings.learn.estimators["leaf"]
    weak = weak_labels(shop, asked, titles.examples, titles.rows.learned)
    checkpoint = resolve("package:e5", languages=["zh"])
    job = EstimatorJob(shop, applied(asked), checkpoint, SilentProgress(), weak=weak)
    texts = [titles.examples.texts[row] for row in titles.rows.tested]
    run = job.run(titles.examples, titles.rows, root / "with")
    without = ablated(job, asked, titles.examples, titles.rows, root)["without rules"]
    said = [weak.rules.label_of(text) or "" for text in texts]
    return {"rules alone": said, "without rules": named(without, texts), "with rules": named(run, texts)}, weak


def main() -> int:
    """Prints the table or the claim; returns 2 when the data is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--quick", action="store_true", help="six leaves: shows that it runs")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not (asked.data / "products.parquet").is_file():
        print(f"{asked.data} holds no products.parquet", file=sys.stderr)
        return 2
    titles = read(asked.data, asked.seed, 6 if asked.quick else 20)
    with tempfile.TemporaryDirectory() as folder:
        guesses, weak = learn(titles, asked.seed, Path(folder))
    truth = [" > ".join(titles.examples.targets[row]) for row in titles.rows.tested]
    rows = {name: {"accuracy": accuracy(truth, g), "macro-F1": macro_f1(truth, g)} for name, g in guesses.items()}
    right = {name: np.array([a == b for a, b in zip(g, truth, strict=True)], float) for name, g in guesses.items()}
    gain = paired_bootstrap(right["with rules"], right["without rules"], seed=asked.seed)
    ours, peer = (rows[name]["accuracy"] for name in ("with rules", "without rules"))
    if asked.json:
        print(
            json.dumps(Claim("rules: with against without, five labels a leaf", ours, peer, "accuracy", 1.0).as_json())
        )
        return 0
    interval = f"Gain {gain.mean:+.4f}, 95 % interval {gain.low:+.4f} to {gain.high:+.4f}; seed {asked.seed}."
    size = f"{len(titles.leaves)} leaves, {len(titles.rows.learned)} titles learned, {len(truth)} tested."
    notes = (size, interval, *weak.notes)
    print(
        Table(
            "Five labels a leaf, and its name as a rule", ("accuracy", "macro-F1"), rows, "with rules", notes
        ).as_text()
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
