"""Categories of clothing pictures: EfficientNet-Lite0 tuned, beside a linear probe over the frozen model.

Learns from the set's validation folder and measures on its test folder, with a fixed number of steps and the last
weights. `--hold-out 0.2` measures within the validation folder instead, for choosing settings without the test.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from tradewind.errors import TradewindError
from tradewind.evaluation.claims import Claim
from tradewind.models.vision.pretrained import resolve_pictures
from tradewind.runtime.vision import PictureInput
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.recognise.pictures import LabelledPictures, from_folders, held_out
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.recognise.bench import RecogniseSettings
from tradewind.training.recognise.measure import CHANCE, PROBE, TUNED
from tradewind.training.recognise.train import train
from tradewind.training.result import TrainResult
from tradewind.training.tuning import method

WANTED = 0.87


def main() -> int:
    """Runs the comparison and prints it; 2 when the pictures are not there."""
    options = _options()
    if not (options.data / "test").is_dir():
        print(f"{options.data} has no folder test: give the folder of clothing_images_small", file=sys.stderr)
        return 2
    try:
        learned, tested = _sides(options)
        result = train(
            learned,
            tested,
            resolve_pictures(options.model, shape=PictureInput(size=options.size, fit="crop")),
            _plan(options, len(learned)),
            options.out,
            settings=RecogniseSettings(cut=options.cut, views=options.views, validation=0.0),
        )
    except TradewindError as error:
        print(error, file=sys.stderr)
        return 1
    print(result.as_text())
    print(f"contact sheet: {options.out / 'contact_sheet.png'}")
    claims = _claims(result)
    if options.json:
        for claim in claims:
            print(json.dumps(claim.as_json()))
    return 0 if all(claim.holds for claim in claims) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/clothing_images_small"))
    parser.add_argument("--model", default="package:efficientnet-lite0")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--cut", type=int, default=11, help="blocks that stay as pretrained")
    parser.add_argument("--views", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--hold-out", type=float, default=0.0, help="measure on this share of the validation folder")
    parser.add_argument("--quick", action="store_true", help="two epochs over two views")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("recognise-out"))
    options = parser.parse_args()
    if options.quick:
        options.epochs, options.views = 2, 2
    return options


def _sides(options: argparse.Namespace) -> tuple[LabelledPictures, LabelledPictures]:
    learned = from_folders(options.data / "validation")
    if not options.hold_out:
        return learned, from_folders(options.data / "test")
    kept, held = held_out(learned.labels, options.hold_out, options.seed)
    return learned.take(kept), learned.take(held)


def _plan(options: argparse.Namespace, pictures: int) -> Plan:
    steps = int(np.ceil(pictures / options.batch)) * options.epochs
    task = TaskSettings(method="full", learning_rate=options.rate, batch_size=options.batch, max_steps=steps)
    learn = LearnSettings(seed=options.seed, threads=1)
    plan = plan_run(task, learn, Budget(steps, options.batch, max(1, steps // options.epochs)), method("full"))
    return replace(plan, patience=1000)


def _claims(result: TrainResult) -> tuple[Claim, ...]:
    (table,) = result.tables
    rows, same = table.rows, table.columns[-1]
    return (
        Claim("recognise: accuracy, against the figure asked for", rows[TUNED]["accuracy"], WANTED, "accuracy", 1.0),
        Claim("recognise: accuracy, against the frozen linear probe", rows[TUNED]["accuracy"],
              rows[PROBE]["accuracy"], "accuracy", 1.0),
        Claim("recognise: neighbours of the same class, against chance", rows[TUNED][same], rows[CHANCE][same],
              "share", 2.0),
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
