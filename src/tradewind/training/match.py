"""Tunes the bi-encoder on what a shop sells together and on how its own catalogue describes things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from tradewind.data.snapshot import Snapshot
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder, save_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.runtime.role_map import RoleMap
from tradewind.settings import Shop
from tradewind.tasks.bought_together import recall
from tradewind.tasks.match_report import MatchTable, recall_table, search_table, unseen_table
from tradewind.tasks.query_check import QueryCheck, by_language, precisions
from tradewind.tasks.scoring import Encode, Role, Scorer, by_chance, by_vectors, by_words, remembering
from tradewind.tasks.translations import Glosses
from tradewind.telemetry import Progress
from tradewind.training.contrast import Contrast, ContrastSettings
from tradewind.training.encoder_parts import cut_at, encoder_parts, moving_blocks
from tradewind.training.figures import bars_figure, curves_figure
from tradewind.training.interpolation import Mixture, copy_of
from tradewind.training.match_batches import MatchBatches, identity, match_batches
from tradewind.training.match_examples import EFFORTS, MatchEffort, MatchExamples, all_texts, match_examples
from tradewind.training.plan import Plan, plan_run
from tradewind.training.result import TrainResult, write_report
from tradewind.training.run_facts import run_facts
from tradewind.training.text_bank import TextBank
from tradewind.training.together_map import Bought, fit_together, map_plan
from tradewind.training.trainer import Curves, fit, forget
from tradewind.training.tuning import TuningMethod, merging, method, within

TUNED: Final = "tuned"
UNTUNED: Final = "untuned"
_AS_ANCHOR: Final = "untuned, role together"
_SHARES: Final = (1.0, 0.75, 0.5, 0.25)
_SLACK: Final = 0.002
"""A precision lower by less than this on the tuning queries is no loss: one place of one query is more."""


@dataclass(frozen=True, slots=True)
class _Bench:
    """What one run works with."""

    encoder: BiEncoder
    bank: TextBank
    examples: MatchExamples
    effort: MatchEffort
    plan: Plan
    tuning: TuningMethod
    moving: int


def train(
    shop: Shop,
    snapshot: Snapshot,
    checkpoint: Checkpoint,
    out: Path,
    progress: Progress,
    glosses: Glosses | None = None,
) -> TrainResult:
    """Tunes `checkpoint` for the shop; `out` gets the folder `encoder` (Hugging Face form), report and event files.

    First the transformer moves, as far as the method lets it (not at all with `head`); over an English catalogue it
    also learns what `glosses` say that Chinese words mean. It is mixed with the untuned one as far as needed for no
    judged search to get worse. Then a linear map is learned that turns a text in the role together into what is bought
    with it; it moves no vector that a search meets. An interrupted run goes on from its
    last checkpoint. Raises DataError when there is nothing to learn from, ConfigError for a method that does not fit.
    """
    bench = _bench(shop, snapshot, checkpoint, progress, glosses)
    before = _before(bench, progress)
    found, share = [], 0.0
    if bench.plan.method != "head":
        curves, mixture = _tune(bench, before, out, progress)
        share = _mix(bench, mixture, before, progress)
        found.append(curves)
    found.append(_learn_map(bench, shop, out, progress))
    tables = _tables(bench, before, shop)
    folder = save_bi_encoder(bench.encoder, checkpoint.folder, out / "encoder")
    facts = run_facts(shop, snapshot, checkpoint, bench.plan, found[0]) | {"share of the tuned weights": share}
    rows = tables[0].table.rows
    figures = (
        *map(curves_figure, found),
        bars_figure(tables[0].table.title, rows, ("recall@20", "recall@20 texts"), TUNED),
    )
    shown = tuple(table.table for table in tables)
    report = write_report(out, "match", shown, figures, facts)
    for run in (out, out / "map"):
        forget(run)
    claims = tuple(claim for table in tables for claim in table.claims)
    return TrainResult("match", folder, shown, claims, report, out / "tensorboard", facts)


def _bench(
    shop: Shop, snapshot: Snapshot, checkpoint: Checkpoint, progress: Progress, glosses: Glosses | None
) -> _Bench:
    learn = shop.settings.learn
    effort, tuning = EFFORTS[learn.effort], method(learn.match.method, learn.match.method_options)
    if not tuning.merges:
        raise ConfigError(
            f"match mixes tuned with untuned weights, which {learn.match.method} does not give",
            hint=f"methods whose result merges: {', '.join(merging())}",
        )
    plan = plan_run(learn.match, learn, effort.budget, tuning)
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    examples = match_examples(shop, snapshot, effort, plan.batches * plan.batch_size, glosses)
    encoder = load_bi_encoder(
        checkpoint.folder,
        prefixes=checkpoint.prefixes,
        max_tokens=shop.settings.encoder.max_tokens,
        dropout=plan.dropout,
    )
    moving = moving_blocks(encoder, tuning, effort.blocks)
    bank = TextBank(encoder, cut_at(encoder, moving))
    _read_texts(bank, examples, progress)
    return _Bench(encoder, bank, examples, effort, plan, tuning, moving)


def _read_texts(bank: TextBank, examples: MatchExamples, progress: Progress) -> None:
    anchors = [*examples.together.anchors, *_asked(examples)]
    queries = [*examples.phrases.anchors, *examples.words, *examples.translated.queries, *examples.translated.said]
    wanted: list[tuple[Role, list[str]]] = [
        ("passage", list(all_texts(examples))),
        ("together", list(dict.fromkeys(anchors))),
        ("query", list(dict.fromkeys(queries))),
    ]
    progress.start("reading texts", sum(len(texts) for _, texts in wanted))
    for role, texts in wanted:
        bank.add(texts, role, progress)


def _asked(examples: MatchExamples) -> list[str]:
    checks = (examples.validation, examples.test)
    return [
        check.catalogue.texts[number]
        for check in checks
        for number in np.unique(check.catalogue.text_of[check.anchors])
    ]


@dataclass(frozen=True, slots=True)
class _Before:
    """The untuned encoder's vectors, by role and text: what the run starts from, is measured against and kept near."""

    vectors: Mapping[Role, Mapping[str, np.ndarray]]

    def encode(self, texts: Any, role: Role) -> np.ndarray:
        return np.stack([self.vectors[role][text] for text in texts])


def _before(bench: _Bench, progress: Progress) -> _Before:
    examples = bench.examples
    asked = list(dict.fromkeys(_asked(examples)))
    checks = (examples.tune, examples.report, examples.unseen)
    judged = [query.query for check in checks if check for query in check.queries]
    wanted: dict[Role, list[str]] = {
        "passage": list(dict.fromkeys([*all_texts(examples), *asked])),
        "together": asked,
        "query": list(dict.fromkeys([*examples.words, *judged, *examples.translated.said])),
    }
    progress.start("measuring the untuned encoder", None)
    return _Before(
        {role: dict(zip(texts, bench.bank.encode(texts, role), strict=True)) for role, texts in wanted.items()}
    )


def _tune(bench: _Bench, before: _Before, out: Path, progress: Progress) -> tuple[Curves, Mixture]:
    parts = encoder_parts(bench.encoder, bench.moving)
    moves = {name for name, _ in bench.encoder.named_parameters() if not within(name, parts.frozen)}
    old = copy_of(bench.encoder, moves)
    active = bench.tuning.prepare(bench.encoder, parts)
    catalogue = torch.from_numpy(before.encode(bench.examples.validation.texts, "passage"))
    objective = Contrast(active, bench.bank.cut, ContrastSettings(), catalogue)
    curves = fit(
        objective,
        _batches(bench, before),
        bench.plan,
        out,
        validate=lambda: _watched(bench, active),
        watched="precision@10" if bench.examples.tune else "recall@20",
        progress=progress,
        identity=identity(bench.examples),
    )
    bench.tuning.finish(active)
    return curves, Mixture(old, copy_of(bench.encoder, moves))


def _batches(bench: _Bench, before: _Before) -> MatchBatches:
    plan = bench.plan
    words = {word: before.vectors["query"][word] for word in bench.examples.words}
    kept = before.vectors["passage"]
    return match_batches(
        bench.bank,
        bench.examples,
        kept,
        words,
        count=plan.batches,
        size=plan.batch_size,
        seed=plan.seed,
        said={said: before.vectors["query"][said] for said in bench.examples.translated.said},
    )


def _learn_map(bench: _Bench, shop: Shop, out: Path, progress: Progress) -> Curves:
    """Gives the encoder its map for the role together, learned over its vectors as they are now."""
    pairs, check = bench.examples.mapped, bench.examples.validation
    progress.start("reading what is bought together", 2 * len(pairs.texts))
    bench.bank.add(pairs.texts, "together", progress)
    bench.bank.add(pairs.texts, "passage", progress)
    anchors, passages = bench.bank.encode(pairs.texts, "together"), bench.bank.encode(pairs.texts, "passage")
    encode = remembering(_encode(bench))

    def validate(found: RoleMap) -> float:
        scorer: Scorer = lambda asked, answers: found.apply(encode(asked, "together")) @ encode(answers, "passage").T  # noqa: E731
        return recall(check, scorer).means()["every"]

    plan = map_plan(bench.plan, shop.settings.learn.match.max_steps)
    bought = Bought(anchors, passages, pairs.left, pairs.right)
    learned, curves = fit_together(bought, plan, out / "map", validate, identity(bench.examples), progress)
    bench.encoder.together = learned
    return curves


def _encode(bench: _Bench, model: nn.Module | None = None) -> Encode:
    return lambda texts, role: bench.bank.encode(texts, role, model)


def _watched(bench: _Bench, model: nn.Module | None) -> float:
    """Returns the precision of the searches to tune on; of a shop that judged none, the recall of companions."""
    if bench.examples.tune is not None:
        return float(precisions(bench.examples.tune, by_vectors(_encode(bench, model), "query")).mean())
    found = recall(bench.examples.validation, by_vectors(_encode(bench, model), "together"))
    return found.means()["shown"]


def _mix(bench: _Bench, mixture: Mixture, before: _Before, progress: Progress) -> float:
    """Leaves the encoder with the largest share of the tuned weights at which no judged search is worse; returns it."""
    tune = bench.examples.tune
    progress.start("weighing old against new", len(_SHARES))
    if tune is None:
        mixture.apply(bench.encoder, 1.0)
        return 1.0
    floor = _searches(tune, before.encode)
    for share in _SHARES:
        mixture.apply(bench.encoder, share)
        progress.advance()
        now = _searches(tune, _encode(bench))
        if all(now[kind] >= precision - _SLACK for kind, precision in floor.items()):
            return share
    mixture.apply(bench.encoder, 0.0)
    return 0.0


def _searches(check: QueryCheck, encode: Encode) -> Mapping[str, float]:
    return by_language(check, precisions(check, by_vectors(encode, "query")))


def _tables(bench: _Bench, before: _Before, shop: Shop) -> list[MatchTable]:
    notes = [f"seed {bench.plan.seed}"] + ([shop.settings.notice] if shop.settings.notice else [])
    methods: dict[str, Scorer] = {
        "random": by_chance(bench.plan.seed),
        "BM25": by_words,
        UNTUNED: by_vectors(before.encode, "passage"),
        _AS_ANCHOR: by_vectors(before.encode, "together"),
        TUNED: by_vectors(_encode(bench), "together"),
    }
    peers = (UNTUNED, _AS_ANCHOR, "BM25")
    tables = [recall_table(bench.examples.test, methods, TUNED, peers, notes)]
    found: dict[str, Scorer] = {
        "random": by_chance(bench.plan.seed),
        "BM25": by_words,
        UNTUNED: by_vectors(before.encode, "query"),
        TUNED: by_vectors(_encode(bench), "query"),
    }
    if bench.examples.report is not None:
        tables.append(search_table(bench.examples.report, found, TUNED, UNTUNED, notes))
    if bench.examples.unseen is not None:
        tables.append(unseen_table(bench.examples.unseen, found, TUNED, UNTUNED, notes))
    return tables
