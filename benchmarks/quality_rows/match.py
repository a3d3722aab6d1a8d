"""What is bought with an item, on purchases that are certainly real: text, counting, and both together.

    python benchmarks/quality_rows/match.py --data ../shared/data/uci_online_retail_en [--seeds 3] [--quick] [--json]

UCI Online Retail's clean lines (a customer, a price, goods only), split by time: the first 80 % of the lines are
learned from, settings are chosen on the next 10 %, figures come from the last 10 %. An invoice lies on one side of a
cut as a whole. Items of one name are one item. A question is one item of a basket of 2 to 60, right are the others,
every name is ranked. Items of fewer than five baskets before the cut, new ones among them, are reported apart, as what
is asked about and as what is to be found. Item-kNN's form and shrinkage, the role that stands for the untuned encoder
and the share of text in the blend are chosen on validation. With `--out` a tuned encoder is kept for the next run. The
grocer is not measured here: `tradewind evaluate` does that.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tradewind.data.records import EVENT_SCHEMA, ITEM_SCHEMA
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.settings import Shop, parse_shop
from tradewind.tasks.baskets import Baskets, baskets, time_cuts
from tradewind.tasks.bought_together import BoughtTogether, bought_together, popularity_recall, recall
from tradewind.tasks.catalogue_texts import CatalogueTexts
from tradewind.tasks.match_report import texts_and_baskets
from tradewind.tasks.scoring import Encode, Role, Scorer, blended, by_chance, by_vectors, by_words, remembering
from tradewind.tasks.shared_baskets import Neighbourhood, by_baskets, shared_baskets
from tradewind.telemetry import SilentProgress
from tradewind.training.match import train

FEW = 5
ALL, RARE, FOUND = "recall@20", f"asked of items under {FEW}", f"finding items under {FEW}"
COLUMNS = (ALL, RARE, FOUND)
UNTUNED, TEXT, KNN, BOTH = "untuned encoder", "tuned text", "item-kNN", "text and co-occurrence"
DAMPINGS, POWERS, SHRINKS = (0.0, 0.5), (0.0, 0.25, 0.5), (0.0, 3.0, 30.0, 300.0)
SHARES = tuple(round(0.1 * step, 1) for step in range(11))
GOODS = r"^\d{5}"
"""Postage, fees and bank lines have codes of letters."""


@dataclass(frozen=True)
class Retail:
    """The purchases as a snapshot gives them."""

    table: pa.Table
    log: pa.Table
    hash: str = "uci_online_retail_en"

    def items(self) -> pa.Table:
        return self.table

    def events(self, columns: Any = None, types: Any = None) -> pa.Table:
        return self.log.select(columns) if columns else self.log


def retail(data: Path) -> Retail:
    """Returns the clean lines, a name an item, every line at the first minute of its invoice."""
    table = pq.read_table(data / "online_retail.parquet")
    clean = pc.and_(pc.is_valid(table["CustomerID"]), pc.greater(table["Quantity"], 0))
    clean = pc.and_(clean, pc.greater(table["UnitPrice"], 0))
    table = table.filter(pc.and_(clean, pc.match_substring_regex(table["StockCode"], GOODS)))
    names = pc.utf8_lower(pc.utf8_trim_whitespace(pc.replace_substring_regex(table["Description"], r"\s+", " ")))
    invoices = table["InvoiceNo"].cast(pa.string())
    first = pa.table({"key": invoices, "time": table["InvoiceDate"].cast(pa.timestamp("us"))})
    first = first.group_by("key").aggregate([("time", "min")])
    times = first["time_min"].take(pc.index_in(invoices, value_set=first["key"].combine_chunks()))
    users = table["CustomerID"].cast(pa.int64()).cast(pa.string())
    told = {
        "type": pa.array(["purchase"] * len(table)),
        "time": times,
        "user": users,
        "item": names,
        "basket": invoices,
    }
    distinct = pc.unique(names.combine_chunks())
    return Retail(
        _whole({"id": distinct, "title": distinct, "text": distinct}, ITEM_SCHEMA), _whole(told, EVENT_SCHEMA)
    )


def _whole(columns: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    rows = len(next(iter(columns.values())))
    made = [columns[field.name] if field.name in columns else pa.nulls(rows, field.type) for field in schema]
    cast = [column.cast(field.type) for column, field in zip(made, schema, strict=True)]
    return pa.Table.from_arrays(
        [c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in cast], schema=schema
    )


@dataclass(frozen=True)
class Asked:
    """One part of the year: questions of any item, of rare items, and of any item with only rare items right."""

    every: BoughtTogether
    rare: BoughtTogether
    found: BoughtTogether

    def of(self, scorer: Scorer) -> dict[str, np.ndarray]:
        """Returns recall@20 of each kind of question."""
        return {name: recall(check, scorer).shown for name, check in self.named().items()}

    def named(self) -> dict[str, BoughtTogether]:
        return dict(zip(COLUMNS, (self.every, self.rare, self.found), strict=True))


def asked(catalogue: CatalogueTexts, held: Baskets, questions: int, seed: int) -> Asked:
    """Returns the questions of the baskets `held`; rare is what stands in fewer than FEW learned baskets."""
    few = np.flatnonzero(catalogue.sold[catalogue.text_of] < FEW)
    every = bought_together(catalogue, held, questions=questions, seed=seed)
    rare = bought_together(catalogue, held, questions=questions, seed=seed, asked=few)
    wide = bought_together(catalogue, held, questions=10 * questions, seed=seed)
    right = [rows[np.isin(rows, few)] for rows in wide.answers]
    kept = [place for place, rows in enumerate(right) if len(rows)]
    return Asked(every, rare, replace(wide, anchors=wide.anchors[kept], answers=tuple(right[n] for n in kept)))


def encode_with(folder: Path, checkpoint: Checkpoint) -> Encode:
    """Returns the encoder in `folder`, which remembers the texts of a role."""
    encoder, seen = load_bi_encoder(folder, prefixes=checkpoint.prefixes), dict[tuple[Role, str], np.ndarray]()

    def encode(texts: Any, role: Role) -> np.ndarray:
        new = [text for text in dict.fromkeys(texts) if (role, text) not in seen]
        seen.update(
            {(role, text): row for text, row in zip(new, encoder.encode(new, role), strict=True)} if new else {}
        )
        return np.stack([seen[role, text] for text in texts])

    return remembering(encode)


def chosen_neighbours(
    catalogue: CatalogueTexts, bought: Baskets, check: BoughtTogether
) -> tuple[Scorer, tuple[float, float, float]]:
    """Returns the item-kNN with the best recall on validation, and its damping, power and shrinkage."""
    found: list[tuple[float, tuple[float, float, float], Scorer]] = []
    for damping in DAMPINGS:
        shared = shared_baskets(catalogue, bought, damping=damping)
        for power, shrink in product(POWERS, SHRINKS):
            scorer = by_baskets(shared, Neighbourhood(power, shrink))
            found.append((float(recall(check, scorer).shown.mean()), (damping, power, shrink), scorer))
    _, form, scorer = max(found, key=lambda one: one[0])
    return scorer, form


def chosen_share(text: Scorer, counts: Scorer, check: BoughtTogether) -> float:
    """Returns the share of text in the blend with the best recall on validation."""
    text, counts = kept(text), kept(counts)
    found = {share: float(recall(check, blended(text, counts, share)).shown.mean()) for share in SHARES}
    return max(found, key=lambda share: found[share])


def kept(scorer: Scorer) -> Scorer:
    """Returns `scorer` with the memory of its last answer: a choice among blends asks the same eleven times."""
    held: dict[str, Any] = {}

    def score(questions: Any, answers: Any) -> Any:
        key = (tuple(questions), len(answers))
        if held.get("key") != key:
            held.update(key=key, scores=scorer(questions, answers))
        return held["scores"]

    return score


def tuned(source: Retail, checkpoint: Checkpoint, given: argparse.Namespace, seed: int, out: Path) -> Path:
    """Returns the folder of the encoder that `match` tunes on the purchases before the first cut; one that was tuned
    by the same settings is taken again."""
    learn = {"effort": given.effort, "threads": given.threads, "seed": seed, "match": given.match}
    raw = {"shop": "retail", "items": {"source": {"path": "items.csv"}, "id": "id", "title": "title"}, "learn": learn}
    shop = Shop(parse_shop(json.dumps(raw).encode(), where="match"), out)
    folder = out / f"match-{seed}-{hashlib.sha256(json.dumps(learn, sort_keys=True).encode()).hexdigest()[:8]}"
    if not (folder / "encoder").is_dir():
        train(shop, source, checkpoint, folder, SilentProgress())  # type: ignore[arg-type]
    return folder / "encoder"


def measured(
    source: Retail, checkpoint: Checkpoint, given: argparse.Namespace, seed: int, out: Path
) -> tuple[dict[str, dict[str, np.ndarray]], str]:
    """Returns every row's recall by kind of question for one seed, and what was chosen."""
    cuts = time_cuts(source.log)
    catalogue, bought = texts_and_baskets(source.table, source.log, cuts.validation)
    parts = [
        asked(catalogue, _held(source, since, until), given.questions, seed + turn)
        for turn, (since, until) in enumerate(((cuts.validation, cuts.test), (cuts.test, None)))
    ]
    chosen, test = parts
    knn, (damping, power, shrink) = chosen_neighbours(catalogue, bought, chosen.every)
    before = encode_with(checkpoint.folder, checkpoint)
    roles: tuple[Role, ...] = ("passage", "together", "query")
    role = max(roles, key=lambda role: recall(chosen.every, by_vectors(before, role)).shown.mean())
    after = encode_with(tuned(source, checkpoint, given, seed, out), checkpoint)
    text = by_vectors(after, "together")
    share = chosen_share(text, knn, chosen.every)
    rows: dict[str, Scorer] = {
        "random": by_chance(seed),
        "BM25": by_words,
        UNTUNED: by_vectors(before, role),
        KNN: knn,
        TEXT: text,
        BOTH: blended(text, knn, share),
    }
    told = (
        f"seed {seed}: item-kNN with power {power:g}, shrinkage {shrink:g}, baskets damped by {damping:g}; untuned in "
        f"the role {role}; share of text {share:g}; {_counts(test)}"
    )
    popular = {name: popularity_recall(check).shown for name, check in test.named().items()}
    return {"popularity": popular} | {name: test.of(scorer) for name, scorer in rows.items()}, told


def _held(source: Retail, since: datetime, until: datetime | None) -> Baskets:
    return baskets(source.log, source.table["id"], since, until)


def _counts(test: Asked) -> str:
    few = np.flatnonzero(test.every.catalogue.sold < FEW)
    new = int((test.every.catalogue.sold == 0).sum())
    asked = ", ".join(str(len(check.anchors)) for check in test.named().values())
    return f"questions {asked}; {len(test.every.ranked)} items, {len(few)} under {FEW} baskets, {new} of them in none"


def table(found: list[dict[str, dict[str, np.ndarray]]], told: list[str]) -> Table:
    """Returns the mean over seeds, with the spread of what is put forward in the notes."""
    rows = {
        name: {column: float(np.mean([one[name][column].mean() for one in found])) for column in COLUMNS}
        for name in found[0]
    }
    notes = [*told]
    for ours, peer, column in ((TEXT, KNN, RARE), (BOTH, KNN, ALL), (BOTH, KNN, RARE)):
        gains = [paired_bootstrap(one[ours][column], one[peer][column]) for one in found]
        shown = "; ".join(f"{gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]" for gain in gains)
        notes.append(f"{ours} − {peer}, {column}, 95 % interval by seed: {shown}")
    return Table("What is bought with an item: UCI Online Retail", COLUMNS, rows, BOTH, tuple(notes))


def claims(rows: Mapping[str, Mapping[str, float]]) -> list[Claim]:
    """Returns what issue wants: text above untuned and BM25, above counting on rare items, both above counting."""
    wanted = [(TEXT, UNTUNED, ALL), (TEXT, "BM25", ALL), (TEXT, KNN, RARE), (TEXT, KNN, FOUND), (BOTH, KNN, ALL)]
    return [
        Claim(f"match: {ours} against {peer}, {column}", rows[ours][column], rows[peer][column], "recall@20", 1.0)
        for ours, peer, column in wanted
    ]


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 2 without the data."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/uci_online_retail_en"))
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--seeds", type=int, default=1, help="so many seeds from --seed on; means are printed")
    parser.add_argument("--pretrained", default="package:e5")
    parser.add_argument("--effort", default="quick", choices=("quick", "normal", "full"))
    parser.add_argument("--match", type=json.loads, default={}, help="settings of learn.match as JSON")
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keeps what was trained there")
    parser.add_argument("--quick", action="store_true", help="300 questions, ten steps of training")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if not (given.data / "online_retail.parquet").is_file():
        print(f"{given.data} is not there: this row needs the data of ../shared/data", file=sys.stderr)
        return 2
    if given.quick:
        given.questions, given.match = 300, {"max_steps": 10, **given.match}
    started, source = time.monotonic(), retail(given.data)
    checkpoint = resolve(given.pretrained, trim=True, progress=SilentProgress())
    found, told = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(given.seed, given.seed + (1 if given.quick else given.seeds)):
            one, line = measured(source, checkpoint, given, seed, given.out or Path(scratch))
            found.append(one)
            told.append(line)
            print(f"{line}; {time.monotonic() - started:.0f} s", file=sys.stderr)
    shown = table(found, told)
    for claim in claims(shown.rows) if given.json else []:
        print(json.dumps(claim.as_json()))
    if not given.json:
        print(shown.as_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
