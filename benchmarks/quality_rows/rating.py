"""Stars from the text of a review: the tuned encoder beside TF-IDF with ridge and logistic regression.

    python benchmarks/quality_rows/rating.py --data ../shared/data/womens_clothing_reviews_en [--share 0.2] [--json]

Reviews are split 80/20 by the product they are about, a tenth of the training products validates. The encoder reads
title and text; what it says of the validation set decides the weights of rare stars and the share of the mixture.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from tradewind.data.group_rows import share_of
from tradewind.models.pretrained import resolve
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.rating import RatedTexts, balancing_weights, expected_stars, likely_stars, rating_figures, star_f1
from tradewind.telemetry import SilentProgress
from tradewind.training.plan import Budget, plan_run
from tradewind.training.rating import RatingTask
from tradewind.training.supervised.objective import Terms
from tradewind.training.supervised.run import FineTuned, RunSettings, fine_tune
from tradewind.training.tuning import method

FILE = "Womens_Clothing_E-Commerce_Reviews.csv.gz"
WANTED = {"RMSE": 0.63, "macro-F1": 0.52}
Sides = tuple[RatedTexts, RatedTexts, RatedTexts]


def read(data: Path, seed: int, taken: float) -> Sides:
    """Returns the reviews with a text to learn from, to validate and to test on, split by product."""
    sides: tuple[list[tuple[str, int]], ...] = ([], [], [])
    with gzip.open(data / FILE, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if not row["Review Text"] or share_of(row["Clothing ID"] + row["Review Text"], seed + 1) >= taken:
                continue
            part = share_of(row["Clothing ID"], seed)
            text = f"{row['Title']}. {row['Review Text']}" if row["Title"] else row["Review Text"]
            sides[2 if part < 0.2 else 1 if part < 0.28 else 0].append((text, int(row["Rating"])))
    first, second, third = (
        RatedTexts(tuple(text for text, _ in side), np.array([stars for _, stars in side], np.int64)) for side in sides
    )
    return first, second, third


def linear(sides: Sides) -> dict[str, dict[str, float]]:
    """Returns the figures of the two linear models over words and pairs of words."""
    learned, _, tested = sides
    features = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=3, dtype=np.float32)
    known, asked = features.fit_transform(learned.texts), features.transform(tested.texts)
    ridge = np.clip(Ridge(alpha=2.0).fit(known, learned.stars).predict(asked), 1, 5)
    named = LogisticRegression(C=4.0, max_iter=400, class_weight="balanced").fit(known, learned.stars).predict(asked)
    return {
        "TF-IDF, ridge": {"RMSE": float(np.sqrt(np.mean((ridge - tested.stars) ** 2)))},
        "TF-IDF, logistic": {
            "accuracy": float(np.mean(named == tested.stars)),
            "macro-F1": star_f1(tested.stars, named),
        },
    }


def tuned(sides: Sides, given: argparse.Namespace, out: Path) -> FineTuned:
    """Returns the tuned encoder."""
    steps = max(50, round(given.epochs * len(sides[0].texts) / given.batch))
    settings = TaskSettings(method=given.method, learning_rate=given.rate, dropout=0.1, patience=4)
    learn = LearnSettings(seed=given.seed, threads=given.threads)
    plan = plan_run(settings, learn, Budget(steps, given.batch, max(20, steps // 8)), method(given.method))
    checkpoint = resolve(given.pretrained, trim=True, progress=SilentProgress())
    run = RunSettings(blocks=given.blocks, max_tokens=given.tokens, terms=Terms())
    return fine_tune(RatingTask(), checkpoint, (sides[0], sides[1]), plan, out, settings=run)


def measured(sides: Sides, given: argparse.Namespace, out: Path) -> dict[str, dict[str, float]]:
    """Returns every method's figures on the test reviews."""
    _, validated, tested = sides
    done = tuned(sides, given, out)
    task = RatingTask()
    probabilities = [task.probabilities(done.outputs(side)) for side in (validated, tested)]
    weights = balancing_weights(probabilities[0], validated.stars)
    frequency = np.bincount(sides[0].stars - 1, minlength=5) / len(sides[0].stars)
    constant: npt.NDArray[np.float32] = np.tile(frequency.astype(np.float32), (len(tested.texts), 1))
    ours = rating_figures(probabilities[1], tested)
    ours["macro-F1"] = star_f1(tested.stars, likely_stars(probabilities[1], weights))
    spread = expected_stars(probabilities[1])
    print(f"stars expected from {spread.min():.2f} to {spread.max():.2f}; weights {weights}", file=sys.stderr)
    return {"always the same": rating_figures(constant, tested), **linear(sides), "tuned encoder": ours}


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 2 without the data."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data/womens_clothing_reviews_en"))
    options.add_argument("--seed", type=int, default=13)
    options.add_argument("--pretrained", default="package:minilm")
    options.add_argument("--method", default="full")
    options.add_argument("--blocks", type=int, default=6)
    options.add_argument("--tokens", type=int, default=96)
    options.add_argument("--epochs", type=float, default=2.0)
    options.add_argument("--batch", type=int, default=16)
    options.add_argument("--rate", type=float, default=1e-4)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--share", type=float, default=1.0, help="the part of the reviews that is taken")
    options.add_argument("--out", type=Path, help="keep checkpoints here, so that a broken run goes on")
    options.add_argument("--quick", action="store_true", help="a hundredth of the reviews")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if not (given.data / FILE).is_file():
        print(f"{given.data} is not there: this row needs the data of ../shared/data", file=sys.stderr)
        return 2
    sides, started = read(given.data, given.seed, 0.01 if given.quick else given.share), time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        rows = measured(sides, given, given.out or Path(scratch))
    report(rows, sides, given, time.monotonic() - started)
    return 0


def report(rows: dict[str, dict[str, float]], sides: Sides, given: argparse.Namespace, seconds: float) -> None:
    """Prints the table, or the claims."""
    ours, peers = rows["tuned encoder"], {"RMSE": "TF-IDF, ridge", "macro-F1": "TF-IDF, logistic"}
    if given.json:
        for name, limit in WANTED.items():
            peer, holds = rows[peers[name]][name], ours[name] <= limit if name == "RMSE" else ours[name] >= limit
            claim = {"claim": f"rating: {name}", "ours": round(ours[name], 4), "peer": round(peer, 4)}
            claim |= {"ratio": round(ours[name] / peer, 3), "unit": "stars" if name == "RMSE" else "macro-F1"}
            print(json.dumps(claim | {"wants": f"{'<=' if name == 'RMSE' else '>='} {limit}", "holds": holds}))
        return
    print(f"{[len(side.texts) for side in sides]} reviews, seed {given.seed}, {given.pretrained}, {seconds:.0f} s")
    columns = ("RMSE", "MAE", "accuracy", "macro-F1")
    print(f"{'':<20}" + "".join(f"{name:>12}" for name in columns))
    for name, figures in rows.items():
        cells = (f"{figures[column]:.4f}" if column in figures else "–" for column in columns)
        print(f"{name:<20}" + "".join(f"{cell:>12}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
