"""Students of a built shop's tuned encoder: fewer blocks, or token vectors alone, beside the whole encoder.

    python benchmarks/students.py [--shop examples/grocer] [--students 8,6,4,static] [--steps 300] [--roles query]
                                  [--seed 13] [--quick] [--json] [--out DIR]

The shop has to be built (`tradewind up DIR --no-serve`); nothing is written into it. Students learn from the
catalogue's texts, everyday words of shops, and words and composed queries of the glossary's learned part; the judged
queries are taken out of them. Every student is exported in static int8 as the whole encoder is, and measured on the
judged queries (precision@10, by language) and on the Chinese words that no run learned, twice: its queries in the index
of the whole encoder's passages, and, where it learned passages, in an index of its own. Milliseconds are processor time
for one judged query on one thread, the encoders taking turns. Claim: the static student is 20 times faster than the
whole. A broken run goes on when --out is the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
from transformers.utils import logging as transformers_logging

from tradewind.compression.export import export_encoder
from tradewind.compression.pruning.choosing import chosen_blocks
from tradewind.compression.pruning.layers import prune_layers
from tradewind.compression.static import StaticSettings, static_student
from tradewind.errors import TradewindError
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.flows.evaluation.evaluate import finished
from tradewind.flows.parity import parity_texts
from tradewind.flows.query_lessons import typed_queries
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.steps.match import glosses_of
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.runtime.encoder import TextEncoder
from tradewind.runtime.opening import open_encoder
from tradewind.settings import load_shop
from tradewind.tasks.baskets import time_cuts
from tradewind.tasks.match_report import texts_and_baskets
from tradewind.tasks.query_check import QueryCheck, by_language, precisions, query_check, spelled_queries
from tradewind.tasks.translations import held_out_check, parted
from tradewind.telemetry import SilentProgress
from tradewind.training.distil.run import distil
from tradewind.training.distil.settings import DistilSettings, distil_plan
from tradewind.training.distil.teacher import TeacherFolder

WHOLE, STATIC, WANTED, COMPOSED = "whole", "static", 20.0, 8000
TURNS = 8
QUICK = 400
"""Texts and queries of a quick run."""


@dataclass(frozen=True)
class Shelf:
    """What is learned from and judged by."""

    teacher: TeacherFolder
    texts: list[str]
    queries: list[str]
    checks: dict[str, QueryCheck]
    calibration: list[str]
    max_tokens: int

    @property
    def judged(self) -> list[str]:
        return [query.query for name in ("report", "tune") for query in self.checks[name].queries]


def main() -> int:
    options = _options()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        shelf = _shelf(options.shop)
        shelf = replace(shelf, texts=shelf.texts[:QUICK], queries=shelf.queries[:QUICK]) if options.quick else shelf
    except (TradewindError, OSError) as error:
        print(f"{error}\nthe shop has to be built first: tradewind up {options.shop} --no-serve", file=sys.stderr)
        return 2
    out = options.out or Path(tempfile.mkdtemp(prefix="students-"))
    table, claims = _measured(shelf, options, out)
    print(json.dumps([claim.as_json() for claim in claims]) if options.json else table.as_text())
    return 0 if all(claim.holds for claim in claims) else 1


def _measured(shelf: Shelf, options: argparse.Namespace, out: Path) -> tuple[Table, list[Claim]]:
    bundles = {WHOLE: _exported(shelf, shelf.teacher.folder, out / WHOLE)}
    spent = {WHOLE: 0.0}
    for name in options.students.split(","):
        began = time.process_time()
        bundles[name] = _student(shelf, name, options, out / name)
        spent[name] = time.process_time() - began
    encoders = {name: open_encoder(bundle) for name, bundle in bundles.items()}
    catalogue = list(shelf.checks["report"].catalogue.texts)
    passages = {WHOLE: encoders[WHOLE].encode(catalogue, "passage")}
    quick = _milliseconds(encoders, shelf.judged)
    rows: dict[str, dict[str, float]] = {}
    for name, encoder in encoders.items():
        size = sum(path.stat().st_size for path in bundles[name].iterdir()) / 1e6
        facts = {"ms": quick[name], "MB": size, "learned s": spent[name]}
        rows[f"{name}, index of the whole"] = _precisions(shelf, encoder, passages[WHOLE]) | facts
        if name != WHOLE and "passage" in options.roles:
            rows[f"{name}, index of its own"] = _precisions(shelf, encoder, encoder.encode(catalogue, "passage"))
    columns = tuple(rows[f"{WHOLE}, index of the whole"])
    notes = (f"seed {options.seed}, {options.steps} steps, roles {', '.join(options.roles)}",)
    claims = [claim for name in encoders if name != WHOLE for claim in _claims(name, rows)]
    title = "Students of the tuned encoder, precision@10 by the encoder alone"
    return Table(title, columns, rows, f"{WHOLE}, index of the whole", notes), claims


def _claims(name: str, rows: Mapping[str, Mapping[str, float]]) -> list[Claim]:
    """Returns what a student costs in each language and, of the static one, that it is as much faster as it should."""
    ours, whole = rows[f"{name}, index of the whole"], rows[f"{WHOLE}, index of the whole"]
    found = [
        Claim(f"student {name}: {kind} queries", ours[kind], whole[kind], "precision@10", None)
        for kind in whole
        if kind.endswith(("report", "unseen"))
    ]
    quick, slow = (1000.0 / max(row["ms"], 1e-6) for row in (ours, whole))
    wanted = WANTED if name == STATIC else None
    return [*found, Claim(f"student {name}: one query at a time", quick, slow, "queries a second", wanted)]


def _student(shelf: Shelf, name: str, options: argparse.Namespace, out: Path) -> Path:
    """Returns the bundle of a student: token vectors, or as many blocks as its name says."""
    learned = DistilSettings(roles=tuple(options.roles), max_tokens=shelf.max_tokens)
    if name == STATIC:
        settings = StaticSettings(steps=30 if options.quick else 1500, distil=learned)
        if (out / "encoder.json").is_file():
            return out
        return static_student(
            shelf.teacher, shelf.texts, out, seed=options.seed, queries=shelf.queries, settings=settings
        )
    if not (out / "run/student/config.json").is_file():
        checkpoint, prefixes = shelf.teacher.folder, shelf.teacher.prefixes
        kept = chosen_blocks(checkpoint, int(name), shelf.queries, prefixes=prefixes, role="query")
        distil(
            shelf.teacher,
            prune_layers(checkpoint, kept, out / "pruned"),
            shelf.texts,
            distil_plan(options.steps, seed=options.seed),
            out / "run",
            progress=SilentProgress(),
            queries=shelf.queries,
            settings=learned,
        )
    return _exported(shelf, out / "run/student", out / "bundle")


def _exported(shelf: Shelf, checkpoint: Path, out: Path) -> Path:
    prefixes = shelf.teacher.prefixes
    return export_encoder(checkpoint, out, prefixes, shelf.max_tokens, "int8-static", shelf.calibration)


def _precisions(shelf: Shelf, encoder: TextEncoder, passages: np.ndarray) -> dict[str, float]:
    def score(questions: Sequence[str], answers: Sequence[str]) -> np.ndarray:
        return np.asarray(encoder.encode(list(questions), "query") @ passages.T)

    found: dict[str, float] = {}
    for use in ("report", "tune"):
        means = by_language(shelf.checks[use], precisions(shelf.checks[use], score))
        found |= {f"{language} {use}": value for language, value in means.items() if language != "all"}
    unseen = shelf.checks.get("unseen")
    return found | ({"zh unseen": float(precisions(unseen, score).mean())} if unseen else {})


def _milliseconds(encoders: Mapping[str, TextEncoder], queries: Sequence[str]) -> dict[str, float]:
    spent: dict[str, list[float]] = {name: [] for name in encoders}
    for encoder in encoders.values():
        encoder.encode(queries[:3], "query")
    for query in [*queries] * TURNS:
        for name, encoder in encoders.items():
            began = time.thread_time()
            encoder.encode([query], "query")
            spent[name].append((time.thread_time() - began) * 1000.0)
    return {name: float(np.median(values)) for name, values in spent.items()}


def _shelf(folder: Path) -> Shelf:
    shop = load_shop(folder)
    context = finished(shop)
    snapshot = snapshot_of(context)
    items, events = snapshot.items(), snapshot.events(types=["purchase"])
    catalogue, _ = texts_and_baskets(items, events, time_cuts(events).validation)
    file, glosses = spelled_queries(shop), glosses_of(shop)
    if file is None or glosses is None:
        raise TradewindError("the shop has no judged queries in two languages", where=str(folder))
    _, held = parted(glosses)
    unseen = held_out_check(catalogue, held)
    checks = {use: query_check(file, items, catalogue, use) for use in ("report", "tune")}
    checks |= {"unseen": unseen} if unseen else {}
    asked = {query.query for check in checks.values() for query in check.queries}
    asked_of = typed_queries(shop, (), catalogue.texts, COMPOSED)
    teacher = TeacherFolder(Path(context.outputs["match"]["folder"]), checkpoint_of(context).prefixes)
    return Shelf(
        teacher,
        [text for text in catalogue.texts if text not in asked],
        [text for text in asked_of if text not in asked],
        checks,
        parity_texts(items, events).calibration,
        shop.settings.encoder.max_tokens,
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shop", type=Path, default=Path("examples/grocer"))
    parser.add_argument("--students", default="8,6,4,static", help="numbers of blocks, and static")
    parser.add_argument("--steps", type=int, default=300, help="of a student of blocks")
    parser.add_argument("--roles", nargs="+", default=["query", "passage"], choices=["query", "passage", "together"])
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--quick", action="store_true", help="few texts and steps: does it run")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.quick:
        options.steps, options.students = min(options.steps, 10), "6,static"
    return options


if __name__ == "__main__":
    sys.exit(main())
