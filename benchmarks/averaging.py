"""What averaging is worth on real reviews: stars from the text, with and without, over the same rows.

    python benchmarks/averaging.py --data ../shared/data/womens_clothing_reviews_en [--share 0.05] [--json]

Reviews are split by the product they are about. Runs with seeds of their own are measured one by one, then their
uniform and greedy soups and the vote of all; one run more keeps a moving average of its weights, and one more the mean
of its last checkpoints. What is chosen is chosen on the validation set; the table is of the test set.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
from quality_rows.rating import FILE, Sides, read

from tradewind.evaluation.claims import Claim
from tradewind.models.pretrained import resolve
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.telemetry import SilentProgress
from tradewind.training.averaging.members import Vote, souped
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.rating import RatingTask
from tradewind.training.supervised.run import FineTuned, RunSettings, fine_tune
from tradewind.training.tuning import method

Run = Callable[[Plan, str], FineTuned]


def plan_of(given: argparse.Namespace) -> Plan:
    """Returns the plan that all runs share but for their seed and for what is averaged."""
    settings = TaskSettings(learning_rate=given.rate, dropout=0.1, patience=9)
    budget = Budget(given.steps, 16, max(1, given.steps // 5))
    return plan_run(settings, LearnSettings(seed=given.seed, threads=1), budget, method("full"))


def compared(sides: Sides, run: Run, plan: Plan, members: int) -> dict[str, FineTuned]:
    """Returns the models by what they are called."""
    single = [run(replace(plan, seed=plan.seed + number), f"seed-{number}") for number in range(members)]
    found = {f"one run, seed {plan.seed + number}": one for number, one in enumerate(single)}
    task, best = single[0].task, max(single, key=lambda one: next(iter(one.tuned.values())))
    kinds: tuple[Literal["uniform", "greedy"], ...] = ("uniform", "greedy")
    for kind in kinds:
        soup, taken = souped(task, single, best, sides[1], kind)
        found[f"{kind} soup of {len(taken)}"] = soup
    found[f"vote of {members}"] = Vote(task, best.model, best.curves, best.untuned, best.tuned, tuple(single))
    found[f"moving average 0.9, seed {plan.seed}"] = run(replace(plan, ema=0.9), "ema")
    found[f"last checkpoints, seed {plan.seed}"] = run(replace(plan, checkpoints=3), "checkpoints")
    return found


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 1 when one does not hold, 2 without the data."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data/womens_clothing_reviews_en"))
    options.add_argument("--seed", type=int, default=13)
    options.add_argument("--pretrained", default="package:minilm")
    options.add_argument("--share", type=float, default=0.05, help="the part of the reviews that is taken")
    options.add_argument("--steps", type=int, default=60)
    options.add_argument("--rate", type=float, default=2e-4)
    options.add_argument("--members", type=int, default=3)
    options.add_argument("--quick", action="store_true", help="a hundredth of the reviews, 6 steps, 2 runs")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if not (given.data / FILE).is_file():
        print(f"{given.data} is not there: this needs the data of ../shared/data", file=sys.stderr)
        return 2
    if given.quick:
        given.share, given.steps, given.members = 0.01, 6, 2
    sides, started = read(given.data, given.seed, given.share), time.monotonic()
    checkpoint = resolve(given.pretrained, trim=True, progress=SilentProgress())
    with tempfile.TemporaryDirectory() as scratch:

        def run(plan: Plan, name: str) -> FineTuned:
            settings, both = RunSettings(blocks=3, max_tokens=64), (sides[0], sides[1])
            done = fine_tune(RatingTask(), checkpoint, both, plan, Path(scratch) / name, settings=settings)
            print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
            return done

        found = compared(sides, run, plan_of(given), given.members)
        rows = {name: one.task.figures(one.outputs(sides[2]), sides[2]) for name, one in found.items()}
    report(rows, sides, given, time.monotonic() - started)
    return 0 if all(claim.holds for claim in claims(rows)) else 1


def claims(rows: dict[str, dict[str, float]]) -> list[Claim]:
    """Returns what each way of averaging comes to beside the mean of the single runs."""
    alone = float(np.mean([figures["RMSE"] for name, figures in rows.items() if name.startswith("one run")]))
    return [
        Claim(f"averaging: {name}", figures["RMSE"], alone, "RMSE in stars", 1.0, "lower")
        for name, figures in rows.items()
        if not name.startswith("one run")
    ]


def report(rows: dict[str, dict[str, float]], sides: Sides, given: argparse.Namespace, seconds: float) -> None:
    """Prints the table and the claims, or with --json one claim a line."""
    if given.json:
        print("\n".join(json.dumps(claim.as_json(), ensure_ascii=False) for claim in claims(rows)))
        return
    sizes = ", ".join(str(len(side.texts)) for side in sides)
    print(f"stars; {sizes} reviews to learn, validate, test; seed {given.seed}; {seconds:.0f} s")
    for name, figures in rows.items():
        print(f"  {name:34} " + "  ".join(f"{key} {value:.4f}" for key, value in figures.items() if key[0] != "-"))
    for claim in claims(rows):
        verdict = "holds" if claim.holds else "DOES NOT HOLD"
        print(f"  {claim.claim:34} {claim.ours:.4f} beside {claim.peer:.4f}  {claim.wanted}  {verdict}")


if __name__ == "__main__":
    sys.exit(main())
