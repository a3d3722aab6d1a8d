"""Examples a second while fine-tuning, beside the loop that a tutorial would write: same backbone, same examples.

    python benchmarks/finetune_throughput.py [--data ../shared/data/livostyle_fashion_en] [--quick] [--json]

The textbook's loop is transformers' sequence classifier with every text padded to 128 tokens, batches of 16, fp32,
AdamW at 2e-5 and no schedule. Ours is the supervised run of this project: batches of like length, frozen word table,
blocks below the ones that move computed once, a schedule. Both see the same titles for the same number of epochs on the
same number of threads, and are measured on the same test titles; seconds hold everything from texts to the last step.
Without the data, titles are made up from words, and only the speed says something.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false", "TRANSFORMERS_VERBOSITY": "error"}

import numpy as np
import pyarrow.parquet as pq
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tradewind.evaluation.claims import Claim
from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.label_tree import label_tree
from tradewind.telemetry import SilentProgress
from tradewind.training.category import Categorised, CategoryTask
from tradewind.training.plan import Budget, plan_run
from tradewind.training.supervised.run import RunSettings, fine_tune
from tradewind.training.tuning import method

TOKENS, BATCH, RATE = 128, 16, 2e-5
WANTED, ACCURACY_LOSS = 10.0, 0.005
FEWEST = 40
"""Titles a class needs."""


@dataclass(frozen=True)
class Titles:
    """Titles to learn from and to test on, classes by number."""

    names: tuple[str, ...]
    learned: Categorised
    tested: Categorised


def titles(data: Path, count: int) -> Titles:
    """Returns the titles of the frequent product types, split by title; made up ones without the data."""
    file = data / "products.parquet"
    if file.is_file():
        table = pq.read_table(file, columns=["title", "product_type"])
        rows = [(t, p) for t, p in zip(*(column.to_pylist() for column in table.columns), strict=True) if t and p]
    else:
        print(f"{data} is not there: the titles are made up", file=sys.stderr)
        kinds = ["dress", "shoes", "shirt", "bag", "coat"]
        random = np.random.default_rng(13)
        rows = [(f"{kinds[n % 5]} style {random.integers(9999)} colour {n}", kinds[n % 5]) for n in range(2000)]
    frequent = sorted({kind for _, kind in rows if sum(kind == other for _, other in rows) >= FEWEST})
    kept = sorted({row for row in rows if row[1] in frequent}, key=lambda row: _share(row[0]))
    tested, learned = kept[: len(kept) // 5], kept[len(kept) // 5 :][:count]
    number = {name: place for place, name in enumerate(frequent)}
    sides = [
        Categorised(tuple(t for t, _ in side), np.array([number[k] for _, k in side], np.int64))
        for side in (learned, tested)
    ]
    return Titles(tuple(frequent), *sides)


def textbook(given: Titles, checkpoint: Checkpoint, epochs: int, seed: int) -> tuple[float, float]:
    """Returns seconds and accuracy of the tutorial's loop."""
    torch.manual_seed(seed)
    started = time.perf_counter()
    tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder)
    model = AutoModelForSequenceClassification.from_pretrained(
        checkpoint.folder, num_labels=len(given.names), dtype=torch.float32
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
    labels = torch.from_numpy(given.learned.classes)
    model.train()
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(len(labels)), BATCH):
            texts = [given.learned.texts[row] for row in rows]
            model(**_padded(tokenizer, texts), labels=labels[rows]).loss.backward()
            optimiser.step()
            optimiser.zero_grad()
    seconds = time.perf_counter() - started
    model.eval()
    named = []
    with torch.no_grad():
        for start in range(0, len(given.tested.texts), 64):
            texts = list(given.tested.texts[start : start + 64])
            inputs = tokenizer(texts, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")
            named.append(model(**inputs).logits.argmax(-1).numpy())
    return seconds, float(np.mean(np.concatenate(named) == given.tested.classes))


def ours(given: Titles, checkpoint: Checkpoint, options: argparse.Namespace) -> tuple[float, float]:
    """Returns seconds and accuracy of this project's run."""
    task = CategoryTask(label_tree([(name,) for name in given.names]), flat=True)
    steps = max(10, options.epochs * len(given.learned.texts) // BATCH)
    settings = TaskSettings(learning_rate=options.rate, dropout=0.1, patience=99)
    learn = LearnSettings(seed=options.seed, threads=options.threads)
    plan = plan_run(settings, learn, Budget(steps, BATCH, steps), method("full"))
    run = RunSettings(blocks=options.blocks, max_tokens=TOKENS)
    some = Categorised(given.learned.texts[:8], given.learned.classes[:8])
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        done = fine_tune(task, checkpoint, (given.learned, some), plan, Path(scratch), settings=run)
    seconds = time.perf_counter() - started
    return seconds, task.figures(done.outputs(given.tested), given.tested)["accuracy"]


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 1 when a claim does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/livostyle_fashion_en"))
    parser.add_argument("--pretrained", default="package:minilm")
    parser.add_argument("--examples", type=int, default=1200)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--blocks", type=int, default=2)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--quick", action="store_true", help="160 examples, one epoch: the speed alone")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.examples, options.epochs = 160, 1
    torch.set_num_threads(options.threads)
    checkpoint = resolve(options.pretrained, trim=False, progress=SilentProgress())
    given = titles(options.data, options.examples)
    mine, peer = ours(given, checkpoint, options), textbook(given, checkpoint, options.epochs, options.seed)
    claims = _claims(mine, peer, options.epochs * len(given.learned.texts), quick=options.quick)
    if options.json:
        print("\n".join(json.dumps(claim.as_json(), ensure_ascii=False) for claim in claims))
    else:
        print(f"{len(given.learned.texts)} titles, {options.epochs} epochs, {len(given.names)} classes")
        print(f"{options.pretrained}, {options.threads} threads, seed {options.seed}")
        for name, (seconds, accuracy) in (("ours", mine), ("the textbook's loop", peer)):
            print(f"{name:<22}{seconds:>8.1f} s   accuracy {accuracy:.4f}")
        for claim in claims:
            print(f"{claim.claim:<55}{claim.ours:>9.3f}{claim.peer or 0:>9.3f}  {claim.wanted}  {claim.holds}")
    return 0 if all(claim.holds for claim in claims) else 1


def _claims(mine: tuple[float, float], peer: tuple[float, float], seen: int, *, quick: bool) -> list[Claim]:
    speed = Claim("fine-tuning: examples a second", seen / mine[0], seen / peer[0], "examples/s", WANTED)
    least = None if quick else peer[1] - ACCURACY_LOSS
    return [speed, Claim("fine-tuning: accuracy, same epochs", mine[1], peer[1], "accuracy", least, of="ours")]


def _padded(tokenizer: Any, texts: list[str]) -> dict[str, torch.Tensor]:
    made: dict[str, torch.Tensor] = tokenizer(
        texts, padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt"
    )
    return made


def _share(title: str) -> bytes:
    return hashlib.sha256(title.encode()).digest()


if __name__ == "__main__":
    sys.exit(main())
