"""The next item after a sequence of items: from ids, from text, and averaged, beside counting and published work.

    python benchmarks/quality_rows/next_item.py --data ../shared/data/amazon_beauty_seq_en --out runs/next_item

Leave-one-out: a person's last item is asked for, the one before it validates, and every item is ranked. A history's own
items are left out of the ranking, as the published figures' code does (S3-Rec's full-sort evaluation): nobody in this
data takes an item twice. The table with them left in stands beside it. Models stop by validation, and the average's
weights are chosen there. With `--out` the text vectors, checkpoints and models are kept: a run that was broken off goes
on and ends with the same figures.

The Beauty sequences carry no times, hence no split by time; `--time-data ../shared/data/uci_online_retail_en` runs the
same models on purchases that have them, with one cut for everybody.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import resolve
from tradewind.tasks.next_item import LeaveOneOut, trips_of
from tradewind.tasks.next_item.sequences import leave_one_out, sequences_of, time_cut
from tradewind.telemetry import SilentProgress
from tradewind.training.next_item.items import Brief, ItemSettings, assess, train_items

IDS = ItemSettings(epochs=20)
TEXT = ItemSettings(dropout=0.2)
PUBLISHED = {
    "SASRec (published)": (0.0605, 0.0318),
    "TIGER (published)": (0.0648, 0.0384),
    "SASRec, sampled softmax (published)": (0.0921, 0.0531),
}
WANTED = {assess.RECALL: 0.095, assess.NDCG: 0.055}


@dataclass(frozen=True)
class Set:
    """A data set read: what may be learned and is asked, each item's text, and what is peculiar to learning it."""

    name: str
    split: LeaveOneOut
    texts: tuple[str, ...]
    told: Mapping[str, Any]


def beauty(data: Path) -> Set:
    """Returns the Beauty sequences by leave-one-out."""
    with gzip.open(data / "items.csv.gz", "rt", encoding="utf-8") as file:
        titles = {int(row["item_id"]): row["title"] for row in csv.DictReader(file)}
    with gzip.open(data / "sequences.txt.gz", "rt", encoding="utf-8") as file:
        lists = [[int(item) - 1 for item in line.split()[1:]] for line in file]
    texts = tuple(titles[number] or "unknown" for number in range(1, len(titles) + 1))
    return Set("Beauty, leave-one-out", leave_one_out(sequences_of(lists)), texts, {})


def retail(data: Path) -> Set:
    """Returns the UCI purchases with one cut for everybody: the first item after the last tenth of the lines begins."""
    table = pq.read_table(data / "online_retail.parquet")
    table = table.filter(pc.and_(pc.is_valid(table["CustomerID"]), pc.greater(table["Quantity"], 0)))
    table = table.filter(pc.match_substring_regex(table["StockCode"], r"^\d"))
    names = dict(zip(table["StockCode"].to_pylist(), table["Description"].to_pylist(), strict=True))
    times = table["InvoiceDate"].cast(pa.timestamp("us"))
    events = pa.table(
        {
            "type": pa.array(["purchase"] * len(table)),
            "time": times.cast(pa.timestamp("us", "UTC")),
            "user": table["CustomerID"].cast(pa.int64()).cast(pa.string()),
            "visitor": pa.nulls(len(table), pa.string()),
            "item": table["StockCode"],
            "basket": table["InvoiceNo"].cast(pa.string()),
        }
    )
    trips = trips_of(events, pa.chunked_array([pa.array(list(names), pa.string())]))
    days = np.repeat(trips.days, np.diff(trips.lines))
    validation, test = (float(moment) for moment in np.quantile(days, (0.8, 0.9)))
    # A fifth of Beauty's people with five times their purchases: smaller batches, and fewer epochs are as many steps.
    told = {"again": True, "batch_size": 32, "epochs": 6, "every": 2}
    return Set("UCI retail, one cut in time", time_cut(trips, validation, test), tuple(names.values()), told)


def text_vectors(found: Set, pretrained: str, out: Path) -> npt.NDArray[np.float32]:
    """Returns float32 (items, d) of the frozen encoder, kept in `out` for the next run."""
    name = hashlib.sha256("\n".join([pretrained, *found.texts]).encode()).hexdigest()[:16]
    file = out / f"text-{name}.npy"
    if not file.is_file():
        checkpoint = resolve(pretrained, trim=True, progress=SilentProgress())
        encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes)
        out.mkdir(parents=True, exist_ok=True)
        np.save(file, encoder.encode(list(found.texts), "passage"))
    vectors: npt.NDArray[np.float32] = np.load(file)
    return vectors


def brief(found: Set, vectors: npt.NDArray[np.float32], given: argparse.Namespace, seed: int) -> Brief:
    """Returns what one seed's run is told."""
    told = {"seed": seed, "threads": given.threads, **found.told}
    told |= {"epochs": 2, "every": 1} if given.quick else {}
    return Brief(found.name, found.split, vectors, replace(IDS, **told), replace(TEXT, **told))


def measured(found: Set, given: argparse.Namespace, seed: int, out: Path) -> tuple[Table, ...]:
    """Returns one seed's tables: all questions, slices, and all questions with a history's items left in."""
    task = brief(found, text_vectors(found, given.pretrained, out), given, seed)
    started = time.monotonic()
    done = train_items(task, out / f"seed-{seed}", Said())
    print(f"{found.name}, seed {seed}: {time.monotonic() - started:.0f} s, chosen {done.chosen}", file=sys.stderr)
    return done.tables


class Said(SilentProgress):
    """Says the run's notes on the error stream."""

    def note(self, text: str) -> None:
        print(text, file=sys.stderr)


def claims(table: Table, wanted: Mapping[str, float]) -> list[Claim]:
    """Returns one claim a metric against the least that is `wanted`, then against counting and ids of the same run."""
    ours, name = table.rows[assess.BOTH], table.title.partition(":")[0]
    least = [Claim(f"{name}: the least wanted", ours[metric], value, metric, 1.0) for metric, value in wanted.items()]
    peers = [
        Claim(f"{name}: above {peer}", ours[assess.NDCG], table.rows[peer][assess.NDCG], assess.NDCG, 1.0)
        for peer in (assess.POPULARITY, assess.NEIGHBOURS, assess.IDS)
    ]
    return [*least, *peers]


def spread(tables: Sequence[Table]) -> str:
    """Returns the means and standard deviations over seeds, a line a method."""
    lines = [f"over {len(tables)} seeds, mean ± standard deviation:"]
    for name in tables[0].rows:
        parts = []
        for metric in (assess.RECALL, assess.NDCG):
            values = [table.rows[name][metric] for table in tables]
            parts.append(f"{metric} {np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}")
        lines.append(f"  {name:<34}{'  '.join(parts)}")
    return "\n".join(lines)


def main() -> int:
    """Prints the tables, or with --json one claim a line. Returns 2 without the data."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data/amazon_beauty_seq_en"))
    options.add_argument("--time-data", type=Path, help="purchases with times: one cut for everybody")
    options.add_argument("--seed", type=int, default=13)
    options.add_argument("--seeds", type=int, default=1, help="how many seeds, from --seed on")
    options.add_argument("--pretrained", default="package:e5")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument(
        "--out", type=Path, help="keep text vectors and checkpoints here, so that a broken run goes on"
    )
    options.add_argument("--quick", action="store_true", help="two epochs")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    for folder, file in ((given.data, "sequences.txt.gz"), (given.time_data, "online_retail.parquet")):
        if folder is not None and not (folder / file).is_file():
            print(f"{folder} is not there: this row needs the data of ../shared/data", file=sys.stderr)
            return 2
    torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as scratch:
        report(given, given.out or Path(scratch))
    return 0


def report(given: argparse.Namespace, out: Path) -> None:
    """Measures and prints."""
    found = beauty(given.data)
    seeds = [measured(found, given, given.seed + more, out) for more in range(given.seeds)]
    late = measured(retail(given.time_data), given, given.seed, out / "time") if given.time_data else ()
    if given.json:
        for claim in [*claims(seeds[0][0], WANTED), *(claims(late[0], {}) if late else [])]:
            print(json.dumps(claim.as_json(), ensure_ascii=False))
        return
    for table in [*(table for tables in seeds for table in tables), *late]:
        print(table.as_text(), end="\n\n")
    for name, (recall, ndcg) in PUBLISHED.items():
        print(f"{name:<38}{assess.RECALL} {recall:.4f}  {assess.NDCG} {ndcg:.4f}")
    if len(seeds) > 1:
        print(spread([tables[0] for tables in seeds]))


if __name__ == "__main__":
    sys.exit(main())
