"""Entities in Chinese product titles: a tuned encoder and a linear tagger as one, beside a character CRF.

    python benchmarks/quality_rows/tag.py --data ../shared/data/ecom_ner_zh [--seed 13] [--json] [--out DIR]

The split is the publisher's. 463 of its 1,000 test titles also stand in the training file, word for word and with the
same labels, so both figures are printed: over all titles, as published figures are, and over those never learned.
Settings, and the weight of the two halves, were chosen on the titles of the validation file that are never learned.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ |= {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import rjieba
import torch

from tradewind.evaluation.claims import Claim
from tradewind.evaluation.entities import entity_f1
from tradewind.evaluation.report import Table
from tradewind.models.pretrained import resolve
from tradewind.models.shallow import shallow
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.tag.clues import neighbours, words_around
from tradewind.tasks.tag.entities import Entity, TaggedText, kinds_of
from tradewind.tasks.tag.mixture import Scores, decoded, fit_weight, mixed
from tradewind.tasks.tag.units import units_of
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.supervised.run import RunSettings, fine_tune
from tradewind.training.tag.clue_tagger import ClueSettings, ClueTagger, fit_clues
from tradewind.training.tag.task import TagTask
from tradewind.training.tuning import method

KINDS = {"HCCX": "product", "HPPX": "brand", "XH": "model", "MISC": "attribute"}
CHARACTERS, WORDS = "character CRF", "character CRF with words"
ENCODER, OURS = "encoder alone", "ours: encoder and CRF"


@dataclass(frozen=True)
class Split:
    """Titles to learn from, each once, to validate on (none of them learned), and to test on."""

    learned: list[TaggedText]
    validated: list[TaggedText]
    tested: list[TaggedText]

    @property
    def unseen(self) -> list[int]:
        """The places of the test titles that are not learned from."""
        known = {text.text for text in self.learned}
        return [place for place, text in enumerate(self.tested) if text.text not in known]


def read(file: Path) -> list[TaggedText]:
    """Returns the titles of a file of `character label` lines, an empty line after each title."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [_tagged(block) for block in _blocks(line.rstrip("\r\n") for line in lines)]


def _blocks(lines: Iterator[str]) -> Iterator[list[tuple[str, str]]]:
    block: list[tuple[str, str]] = []
    for line in lines:
        if line.strip():
            block.append((line[:1], line[1:].strip()))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _tagged(block: list[tuple[str, str]]) -> TaggedText:
    found: list[Entity] = []
    for place, (_, label) in enumerate(block):
        if label.startswith("B-"):
            found.append(Entity(place, place + 1, KINDS[label[2:]]))
        elif label.startswith("I-"):
            found[-1] = Entity(found[-1].start, place + 1, found[-1].kind)
    return TaggedText("".join(letter for letter, _ in block), tuple(found))


def split(data: Path, quick: bool) -> Split:
    """Returns the published split, repeated titles taken once; with `quick` a tenth of it."""
    learned, validated, tested = (
        read(data / f"{name}.txt.gz")[:: 10 if quick else 1] for name in ("train", "dev", "test")
    )
    once = {text.text: text for text in learned}
    return Split(list(once.values()), [text for text in validated if text.text not in once], tested)


def planned(given: argparse.Namespace, count: int) -> Plan:
    """Returns the plan of the encoder's run."""
    steps = max(20, round(given.epochs * count / given.batch))
    settings = TaskSettings(method=given.method, learning_rate=given.rate, dropout=0.1, patience=9)
    budget = Budget(steps, given.batch, max(10, round(steps / given.epochs)))
    return plan_run(settings, LearnSettings(seed=given.seed, threads=given.threads), budget, method(given.method))


def encoder_scores(found: Split, kinds: tuple[str, ...], given: argparse.Namespace, out: Path) -> list[list[Scores]]:
    """Returns log p (units, labels) of every validation and test title by the tuned encoder."""
    task = TagTask(kinds)
    whole = resolve(given.pretrained)
    lower = shallow(whole, given.depth, out / "lower") if given.depth else whole
    settings = RunSettings(given.blocks, max_tokens=96)
    done = fine_tune(
        task,
        lower,
        (found.learned, found.validated[: given.watched]),
        planned(given, len(found.learned)),
        out / "run",
        settings=settings,
    )
    sides = (found.validated, found.tested)
    read_by = [done.outputs(side) for side in sides]
    return [
        [task.unit_scores(output, text.text) for output, text in zip(outputs, side, strict=True)]
        for outputs, side in zip(read_by, sides, strict=True)
    ]


def linear_scores(found: Split, kinds: tuple[str, ...], given: argparse.Namespace, words: bool) -> list[list[Scores]]:
    """Returns the same by a linear tagger over characters, with `words` also over the words that a segmenter finds."""
    readers = [neighbours, words_around(rjieba.cut)] if words else [neighbours]
    settings = ClueSettings(epochs=2 if given.quick else 6, seed=given.seed)
    tagger = fit_clues(ClueTagger(kinds, readers), found.learned, settings)
    return [[tagger.log_probabilities(text.text) for text in side] for side in (found.validated, found.tested)]


def measured(found: Split, given: argparse.Namespace, out: Path) -> tuple[dict[str, dict[str, float]], float]:
    """Returns the figures of every method on the test titles, and the weight of the encoder."""
    kinds = kinds_of(found.learned)
    torch.set_num_threads(given.threads)
    scores = {CHARACTERS: linear_scores(found, kinds, given, False), WORDS: linear_scores(found, kinds, given, True)}
    scores[ENCODER] = encoder_scores(found, kinds, given, out)
    weight = fit_weight(found.validated, scores[ENCODER][0], scores[WORDS][0], kinds)
    both = zip(scores[ENCODER][1], scores[WORDS][1], strict=True)
    tested = {name: pair[1] for name, pair in scores.items()} | {OURS: [mixed(a, b, weight) for a, b in both]}
    return {name: figures(found, kinds, mine) for name, mine in tested.items()}, weight


def figures(found: Split, kinds: tuple[str, ...], scores: list[Scores]) -> dict[str, float]:
    """Returns F1 of whole entities over all test titles, over the unseen ones, and of each kind over all."""
    guessed = [decoded(mine, units_of(text.text), kinds) for mine, text in zip(scores, found.tested, strict=True)]
    truth = [text.entities for text in found.tested]
    row = {"F1": entity_f1(truth, guessed)}
    row["F1 unseen"] = entity_f1([truth[place] for place in found.unseen], [guessed[place] for place in found.unseen])
    for kind in kinds:
        sides = [[[entity for entity in text if entity.kind == kind] for text in side] for side in (truth, guessed)]
        row[kind] = entity_f1(sides[0], sides[1])
    return row


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 2 without the data."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("../shared/data/ecom_ner_zh"))
    options.add_argument("--seed", type=int, default=13)
    options.add_argument("--pretrained", default="package:e5")
    options.add_argument("--method", default="full")
    options.add_argument("--depth", type=int, default=10, help="blocks of the encoder that are used; 0: all")
    options.add_argument("--blocks", type=int, default=2, help="blocks that move, from the top")
    options.add_argument("--epochs", type=float, default=3.0)
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--rate", type=float, default=5e-4)
    options.add_argument("--watched", type=int, default=250, help="validation titles read after every epoch")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--out", type=Path, help="keep checkpoints here, so that a broken run goes on")
    options.add_argument("--quick", action="store_true", help="a tenth of the titles")
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    if not (given.data / "train.txt.gz").is_file():
        print(f"{given.data} is not there: this row needs the data of ../shared/data", file=sys.stderr)
        return 2
    found = split(given.data, given.quick)
    with tempfile.TemporaryDirectory() as scratch:
        rows, weight = measured(found, given, given.out or Path(scratch))
    notes = (
        f"{len(found.learned)} titles learned, {len(found.tested)} tested, {len(found.unseen)} of them unseen; "
        f"the encoder weighs {weight:g}; seed {given.seed}",
    )
    table = Table("tag: ecom_ner_zh", tuple(rows[OURS]), rows, OURS, notes)
    claims = [
        Claim("tag: entity F1", rows[OURS]["F1"], 0.865, "F1", 1.0),
        Claim("tag: above the character CRF", rows[OURS]["F1"], rows[CHARACTERS]["F1"], "F1", 1.0),
        Claim("tag: above it on unseen titles", rows[OURS]["F1 unseen"], rows[CHARACTERS]["F1 unseen"], "F1", 1.0),
    ]
    print("\n".join(json.dumps(one.as_json()) for one in claims) if given.json else table.as_text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
