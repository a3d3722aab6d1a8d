"""Categories of Chinese or English product titles: the tuned encoder beside a character n-gram linear model.

    python benchmarks/quality_rows/classify.py --data ../shared/data/product_classification_zh [--share 0.2] [--json]
    python benchmarks/quality_rows/classify.py --data ../shared/data/livostyle_fashion_en

Titles are split 80/20 by normalised title (numbers, colours and sizes out), so that no product of the test stands in
the training set in another size; a tenth of the training groups validates. The breadcrumb column is never read.
Settings were chosen on the validation set. `--share` takes that part of the products, for both sides alike.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from tradewind.data.group_rows import share_of
from tradewind.models.pretrained import resolve
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.label_tree import LabelTree, label_tree
from tradewind.telemetry import SilentProgress
from tradewind.training.category import Categorised, CategoryTask, category_figures
from tradewind.training.ensembles import fit_mixture, fit_temperature, log_softmax
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.supervised.objective import Terms
from tradewind.training.supervised.run import RunSettings, fine_tune
from tradewind.training.tuning import method

WANTED = {"product_classification_zh": {"accuracy": 0.870, "macro-F1": 0.875}}
VARIANT = re.compile(
    r"[\d.]+|[黑白红蓝绿黄灰紫粉棕橙银金]色?|男[士款式]?|女[士款式]?|均码|[xX]*[sSmMlL]码?(?![a-zA-Z])"
)


@dataclass(frozen=True)
class Split:
    """Learned, validated and tested examples over one tree."""

    tree: LabelTree
    learned: Categorised
    validated: Categorised
    tested: Categorised


def read(data: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Returns (title, category path) rows of a folder of ../shared/data."""
    table = pq.read_table(data / "products.parquet")
    if "category_full_path" in table.column_names:
        rows = zip(table["title"].to_pylist(), table["category_full_path"].to_pylist(), strict=True)
        return [(title, tuple(path.split(" > "))) for title, path in rows if title and path]
    rows = zip(table["title"].to_pylist(), table["category_path"].to_pylist(), strict=True)
    return [(title, tuple(path.split("|"))) for title, path in rows if title and path]


def split(rows: list[tuple[str, tuple[str, ...]]], seed: int, taken: float) -> Split:
    """Returns the examples split by normalised title; classes that are never learned are left out and counted."""
    rows = [row for row in rows if share_of(normalised(row[0]), seed + 1) < taken]
    share = np.array([share_of(normalised(title), seed) for title, _ in rows])
    side = np.where(share < 0.2, 2, np.where(share < 0.28, 1, 0))
    known = {path for (_, path), place in zip(rows, side, strict=True) if place == 0}
    tree = label_tree(sorted(known))
    number = {path: place for place, path in enumerate(tree.classes)}
    parts = [
        [(t, number[p]) for (t, p), place in zip(rows, side, strict=True) if place == which and p in known]
        for which in (0, 1, 2)
    ]
    lost = sum(1 for (_, path), place in zip(rows, side, strict=True) if place and path not in known)
    if lost:
        print(f"{lost} titles of classes without a training title are left out", file=sys.stderr)
    made = [Categorised(tuple(t for t, _ in part), np.array([n for _, n in part], np.int64)) for part in parts]
    return Split(tree, *made)


def normalised(title: str) -> str:
    """Returns a title without its numbers, colours, sizes and signs: what variants of one product share."""
    plain = VARIANT.sub(" ", unicodedata.normalize("NFKC", title).lower())
    return " ".join(re.findall(r"\w+", plain))


def ngrams(found: Split, seed: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns decision scores (n, classes) of a linear model on character 1- to 3-grams: validation, test."""
    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2, dtype=np.float32)
    model = SGDClassifier(loss="hinge", alpha=1e-5, max_iter=10, tol=None, random_state=seed, n_jobs=1)
    model.fit(features.fit_transform(found.learned.texts), found.learned.classes)
    scores = []
    for side in (found.validated, found.tested):
        full = np.full((len(side.texts), len(found.tree.classes)), -1e3, np.float32)
        given = model.decision_function(features.transform(side.texts))
        full[:, model.classes_] = given if given.ndim == 2 else np.stack([-given, given], 1)
        scores.append(full)
    return scores[0], scores[1]


def planned(given: argparse.Namespace, count: int) -> Plan:
    """Returns the plan of the encoder's run."""
    steps = max(50, round(given.epochs * count / given.batch))
    settings = TaskSettings(method=given.method, learning_rate=given.rate, dropout=0.1, patience=4)
    budget = Budget(steps, given.batch, max(20, steps // 8))
    return plan_run(settings, LearnSettings(seed=given.seed, threads=given.threads), budget, method(given.method))


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 2 without the data."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data/product_classification_zh"))
    options.add_argument("--seed", type=int, default=13)
    options.add_argument("--pretrained", default="package:e5")
    options.add_argument("--method", default="full")
    options.add_argument("--blocks", type=int, default=4)
    options.add_argument("--epochs", type=float, default=2.0)
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--rate", type=float, default=3e-4)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--flat", action="store_true", help="one softmax over all classes")
    options.add_argument("--share", type=float, default=1.0, help="the part of the products that is taken")
    options.add_argument("--out", type=Path, help="keep checkpoints here, so that a broken run goes on")
    options.add_argument("--quick", action="store_true", help="a fiftieth of the titles")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if not (given.data / "products.parquet").is_file():
        print(f"{given.data} is not there: this row needs the data of ../shared/data", file=sys.stderr)
        return 2
    found = split(read(given.data), given.seed, 0.02 if given.quick else given.share)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        rows = measured(found, given, given.out or Path(scratch))
    report(rows, found, given, time.monotonic() - started)
    return 0


def measured(found: Split, given: argparse.Namespace, out: Path) -> dict[str, dict[str, float]]:
    """Returns every method's figures on the test titles."""
    checkpoint = resolve(given.pretrained, trim=True, progress=SilentProgress())
    task = CategoryTask(found.tree, flat=given.flat)
    done = fine_tune(
        task,
        checkpoint,
        (found.learned, found.validated),
        planned(given, len(found.learned.texts)),
        out,
        settings=RunSettings(blocks=given.blocks, max_tokens=48, terms=Terms()),
    )
    tuned = [task.log_probabilities(done.outputs(side)) for side in (found.validated, found.tested)]
    linear = ngrams(found, given.seed)
    temperature = fit_temperature(linear[0], found.validated.classes)
    grams = [log_softmax(side / temperature) for side in linear]
    mixture = fit_mixture(tuned[0], grams[0], found.validated.classes)
    commonest = np.bincount(found.learned.classes).argmax()
    constant = np.zeros_like(tuned[1])
    constant[:, commonest] = 1
    print(f"share of the encoder in the mixture, chosen on validation: {mixture.share}", file=sys.stderr)
    tested = found.tested
    return {
        "commonest class": category_figures(found.tree, constant, tested),
        "character n-grams, linear": category_figures(found.tree, grams[1], tested),
        "tuned encoder": category_figures(found.tree, tuned[1], tested),
        "tuned encoder and n-grams": category_figures(found.tree, mixture.of(tuned[1], grams[1]), tested),
    }


def report(rows: dict[str, dict[str, float]], found: Split, given: argparse.Namespace, seconds: float) -> None:
    """Prints the table, or the claims."""
    ours, peer = rows["tuned encoder and n-grams"], rows["character n-grams, linear"]
    if given.json:
        for name in ("accuracy", "macro-F1"):
            least = WANTED.get(given.data.name, {}).get(name, peer[name])
            claim = {"claim": f"classify {given.data.name}: leaf {name}", "ours": round(ours[name], 4)}
            claim |= {"peer": round(peer[name], 4), "ratio": round(ours[name] / peer[name], 3), "unit": name}
            print(json.dumps(claim | {"wants": f">= {least:.3f}", "holds": ours[name] >= least}, ensure_ascii=False))
        return
    sizes = [len(side.texts) for side in (found.learned, found.validated, found.tested)]
    print(f"{given.data.name}: {sizes} titles, {len(found.tree.classes)} classes, seed {given.seed}, {seconds:.0f} s")
    columns = list(ours)
    print(f"{'':<28}" + "".join(f"{name:>22}" for name in columns))
    for name, figures in rows.items():
        print(f"{name:<28}" + "".join(f"{figures[column]:>22.4f}" for column in columns))


if __name__ == "__main__":
    sys.exit(main())
