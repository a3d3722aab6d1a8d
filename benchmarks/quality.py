"""The table of tasks: every row of quality_rows/ on its data, by one command that goes on where it was stopped.

    python benchmarks/quality.py [--data ../shared/data] [--only rank --only tag] [--quick] [--json] [--out DIR]

Each row is a process of its own, beside its baselines, with its seed. What a row found lies in DIR/ROW.jsonl, and a row
whose file is there is not run again; a row without its data is named and skipped. `--again` runs them all anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROWS = Path(__file__).parent / "quality_rows"
NO_DATA = 2
DATA: dict[str, tuple[str, ...]] = {
    "classify": ("product_classification_zh", "livostyle_fashion_en"),
    "tag": ("ecom_ner_zh",),
    "rank": ("icecat_chorus_en",),
    "purchase": ("uci_shoppers_intention",),
    "clicks": ("open_bandit_zozotown",),
    "rating": ("womens_clothing_reviews_en",),
    "profiles": ("",),
    "next_item": ("amazon_beauty_seq_en",),
    "recognise": ("clothing_images_small",),
    "describe": ("",),
}
"""The folders of the data set that each row is measured on; a row that brings its own data has an empty one."""


@dataclass(frozen=True)
class Found:
    """What one row said on one data set: its claims, or why there are none; `broken` when that is its own fault."""

    row: str
    data: str
    claims: tuple[dict[str, Any], ...]
    why_none: str = ""
    broken: bool = False


def measured(row: str, data: str, options: argparse.Namespace) -> Found:
    """Returns the row's claims, from its file when it was measured before."""
    kept = options.out / f"{row}{f'-{data}' if data else ''}{'-quick' if options.quick else ''}.jsonl"
    if kept.is_file() and not options.again:
        return Found(row, data, _claims(kept.read_text(encoding="utf-8")))
    command = [sys.executable, str(ROWS / f"{row}.py"), "--json"]
    command += ["--data", str(options.data / data)] if data else []
    command += ["--quick"] if options.quick else []
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    print(f"{row} {data}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    claims = _claims(done.stdout)
    if done.returncode not in (0, 1) or not claims:
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Found(row, data, (), why, broken=done.returncode != NO_DATA)
    kept.write_text("".join(json.dumps(claim, ensure_ascii=False) + "\n" for claim in claims), encoding="utf-8")
    return Found(row, data, claims)


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 1 when a claim does not hold or a row breaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("build/quality"))
    parser.add_argument("--only", action="append", choices=sorted(DATA), help="a row, as often as wanted")
    parser.add_argument("--again", action="store_true", help="measure anew what was measured before")
    parser.add_argument("--quick", action="store_true", help="each row on less")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pairs = [(row, data) for row in options.only or DATA for data in DATA[row]]
    found = [measured(row, data, options) for row, data in pairs]
    for one in found:
        _print(one, as_json=options.json)
    return 1 if any(one.broken for one in found) or not all(c["holds"] for one in found for c in one.claims) else 0


def _print(found: Found, *, as_json: bool) -> None:
    if found.why_none:
        print(f"{found.row} {found.data}: no figures: {found.why_none}", file=sys.stderr)
    for claim in found.claims:
        if as_json:
            print(json.dumps(claim, ensure_ascii=False))
            continue
        figures = "".join(f"{value:>10.4f}" if value is not None else f"{'–':>10}" for value in _figures(claim))
        verdict = "holds" if claim["holds"] else "DOES NOT HOLD"
        print(f"{claim['claim']:<72}{figures}  {claim['wants']:<14} {verdict}")


def _figures(claim: dict[str, Any]) -> tuple[float | None, float | None]:
    return claim["ours"], claim["peer"]


def _claims(text: str) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in text.splitlines() if line.startswith("{"))


if __name__ == "__main__":
    sys.exit(main())
