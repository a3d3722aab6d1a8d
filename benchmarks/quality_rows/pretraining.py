"""What continued pretraining is worth: a head's accuracy on a few labels, with and without it, on the same titles.

    python benchmarks/quality_rows/pretraining.py --data ../shared/data/product_classification_zh [--quick] [--json]

All titles but the test's are texts to pretrain on; of their labels only a few are learned. The split is by normalised
title, seed and head are the same on both sides. Settings are the product's own defaults.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import pyarrow.parquet as pq

from tradewind.data.examples import without_numbers
from tradewind.data.group_rows import share_of
from tradewind.models.bi_encoder import save_bi_encoder
from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.settings import LearnSettings, PretrainSettings, TaskSettings
from tradewind.tasks.label_tree import label_tree
from tradewind.telemetry import SilentProgress
from tradewind.training.category import Categorised, CategoryTask
from tradewind.training.plan import Budget, plan_run
from tradewind.training.pretraining.run import Pretrained, pretrain
from tradewind.training.supervised.run import RunSettings, fine_tune
from tradewind.training.tuning import method

Rows = list[tuple[str, tuple[str, ...]]]


def read(data: Path, seed: int, texts: int) -> tuple[Rows, Rows]:
    """Returns titles with their top categories: so many to learn from, and those of the test, no product in both."""
    table = pq.read_table(data / "products.parquet")
    pairs = zip(table["title"].to_pylist(), table["category_path"].to_pylist(), strict=True)
    rows = [(title, tuple(path.split("|"))[:2]) for title, path in pairs if title and path]
    rows.sort(key=lambda row: share_of(row[0], seed))
    tested = [row for row in rows if share_of(without_numbers(row[0]), seed) < 0.1]
    learned = [row for row in rows if share_of(without_numbers(row[0]), seed) >= 0.2]
    return learned[:texts], tested


def accuracy(checkpoint: Checkpoint, learned: Rows, tested: Rows, seed: int) -> float:
    """Returns what a head alone, learned on `learned`, names right of `tested`."""
    tree = label_tree([path for _, path in learned])
    number = {path: place for place, path in enumerate(tree.classes)}

    def taken(rows: Rows) -> Categorised:
        known = [(title, number[path]) for title, path in rows if path in number]
        return Categorised(tuple(title for title, _ in known), np.array([label for _, label in known], np.int64))

    task = CategoryTask(tree, flat=False, smoothing=0.05)
    tuning = method("head")
    plan = plan_run(
        TaskSettings(method="head"), LearnSettings(seed=seed, threads=1), Budget(600, 32, 100, haste=10.0), tuning
    )
    cut = len(learned) // 8
    with tempfile.TemporaryDirectory() as scratch:
        done = fine_tune(
            task, checkpoint, (taken(learned[cut:]), taken(learned[:cut])), plan, Path(scratch), settings=RunSettings()
        )
    examples = taken(tested)
    return task.figures(done.outputs(examples), examples)["accuracy"]


def continued(
    checkpoint: Checkpoint, texts: list[str], seed: int, steps: int | None, out: Path
) -> tuple[Checkpoint, Pretrained]:
    """Returns the encoder after pretraining on `texts`, as a checkpoint in `out`."""
    settings = PretrainSettings(epochs=1.0, max_steps=steps, max_tokens=48)
    learn = LearnSettings(seed=seed, threads=1)
    with tempfile.TemporaryDirectory() as scratch:
        done = pretrain(checkpoint, texts, settings, learn, Path(scratch), SilentProgress())
    return replace(checkpoint, folder=save_bi_encoder(done.encoder, checkpoint.folder, out)), done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--texts", type=int, default=12000, help="titles to pretrain on")
    parser.add_argument("--steps", type=int, help="pretraining steps; left out, one epoch")
    parser.add_argument("--labels", type=int, nargs="+", default=[500, 2000], help="labelled titles for the head")
    parser.add_argument("--tested", type=int, default=3000, help="titles of the test at most")
    parser.add_argument("--quick", action="store_true", help="few titles and steps: shows that it runs")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not (asked.data / "products.parquet").is_file():
        print(f"{asked.data} holds no products.parquet", file=sys.stderr)
        return 2
    if asked.quick:
        asked.texts, asked.steps, asked.labels, asked.tested = 1500, 60, [300], 600
    learned, tested = read(asked.data, asked.seed, asked.texts)
    tested = tested[: asked.tested]
    plain = resolve("package:e5")
    started = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        tuned, done = continued(plain, [title for title, _ in learned], asked.seed, asked.steps, Path(folder) / "m")
        minutes = (time.process_time() - started) / 60
        rows = {
            count: [accuracy(one, learned[:count], tested, asked.seed) for one in (plain, tuned)]
            for count in asked.labels
        }
    told = ", ".join(f"{name} {value:.1f}" for name, value in done.perplexity.items())
    cost = f"{done.curves.last_step} steps, {minutes:.1f} min of one core"
    print(f"{len(learned)} titles, {len(tested)} tested, seed {asked.seed}; {cost}")
    print(f"perplexity of hidden words on unseen titles: {told}; order of nearness kept {done.order_kept:.3f}")
    for count, (before, after) in rows.items():
        print(f"{count:>6} labels: accuracy {before:.4f} without, {after:.4f} with, {after - before:+.4f}")
    if asked.json:
        for count, (before, after) in rows.items():
            claim = f"continued pretraining, head on {count} labels"
            one = {"claim": claim, "ours": after, "peer": before, "unit": "accuracy", "ratio": after / before}
            print(json.dumps(one | {"wants": 1.0, "holds": after > before}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
