"""The table of tasks: every row of quality_rows/ on its data, by one command that goes on where it was stopped.

    python benchmarks/quality.py [--data ../shared/data] [--only rank --only tag] [--quick] [--json] [--out DIR]

Each row is a process of its own, beside its baselines, with its seed (13); the short rows are also run with the two
seeds after it, and how far each figure lies apart over the three is printed with it. What a row found with a seed lies
in DIR/ROW-SEED.jsonl, and a row whose file is there is not run again; a row without its data is named and skipped.
`--again` runs them all anew, `--seed` starts from another one, `--one-seed` leaves the spread out.
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
    "match": ("uci_online_retail_en",),
    "purchase": ("uci_shoppers_intention",),
    "clicks": ("open_bandit_zozotown",),
    "rating": ("womens_clothing_reviews_en",),
    "rules": ("product_classification_zh",),
    "profiles": ("",),
    "next_item": ("amazon_beauty_seq_en",),
    "recognise": ("clothing_images_small",),
    "describe": ("",),
}
"""The folders of the data set that each row is measured on; a row that brings its own data has an empty one."""
SHORT = frozenset({"rank", "purchase", "clicks", "profiles", "next_item"})
"""Rows of a few minutes, which are run with three seeds."""
SEEDS = 3


@dataclass(frozen=True)
class Found:
    """What one row said on one data set: its claims, or why there are none; `broken` when that is its own fault."""

    row: str
    data: str
    claims: tuple[dict[str, Any], ...]
    why_none: str = ""
    broken: bool = False


def over_seeds(row: str, data: str, options: argparse.Namespace) -> Found:
    """Returns the claims of the first seed, each with its figures over all seeds where the row is run with several."""
    several = row in SHORT and not (options.one_seed or options.quick)
    found = [
        measured(row, data, seed, options) for seed in range(options.seed, options.seed + (SEEDS if several else 1))
    ]
    first, broken = found[0], next((one for one in found if one.why_none), None)
    if broken or not several:
        return broken or first
    return Found(row, data, tuple(_with_spread(claim, found) for claim in first.claims))


def _with_spread(claim: dict[str, Any], found: list[Found]) -> dict[str, Any]:
    """A row's claims stand in one order whatever the seed; a claim that another seed lacks has no spread."""
    same = [other for one in found for other in one.claims if other["claim"] == claim["claim"]]
    return claim | {"seeds": [other["ours"] for other in same], "holds of": [other["holds"] for other in same]}


def measured(row: str, data: str, seed: int, options: argparse.Namespace) -> Found:
    """Returns the row's claims with this seed, from its file when it was measured before."""
    kept = options.out / f"{row}{f'-{data}' if data else ''}{'-quick' if options.quick else ''}-{seed}.jsonl"
    if kept.is_file() and not options.again:
        return Found(row, data, _claims(kept.read_text(encoding="utf-8")))
    command = [sys.executable, str(ROWS / f"{row}.py"), "--json", "--seed", str(seed)]
    command += ["--data", str(options.data / data)] if data else []
    command += ["--quick"] if options.quick else []
    started = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    print(f"{row} {data}, seed {seed}: {time.monotonic() - started:.0f} s", file=sys.stderr)
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
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--one-seed", action="store_true", help="the short rows too with one seed only")
    parser.add_argument("--again", action="store_true", help="measure anew what was measured before")
    parser.add_argument("--quick", action="store_true", help="each row on less")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    pairs = [(row, data) for row in options.only or DATA for data in DATA[row]]
    found = [over_seeds(row, data, options) for row, data in pairs]
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
        print(f"{claim['claim']:<72}{figures}  {claim['wants']:<14} {verdict}{_spread(claim)}")


def _spread(claim: dict[str, Any]) -> str:
    seeds = claim.get("seeds", [])
    if len(seeds) < 2:
        return ""
    return f"; {len(seeds)} seeds {min(seeds):.4f} to {max(seeds):.4f}, holds with {sum(claim['holds of'])}"


def _figures(claim: dict[str, Any]) -> tuple[float | None, float | None]:
    return claim["ours"], claim["peer"]


def _claims(text: str) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(line) for line in text.splitlines() if line.startswith("{"))


if __name__ == "__main__":
    sys.exit(main())
