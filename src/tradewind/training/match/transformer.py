"""The first half of `match`: the transformer's upper blocks move, by contrast."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from tradewind.settings import NegativeSettings
from tradewind.tasks.bought_together import recall
from tradewind.tasks.query_check import precisions
from tradewind.tasks.scoring import by_vectors
from tradewind.telemetry import Progress
from tradewind.training.contrast import Contrast, ContrastSettings
from tradewind.training.encoder_parts import encoder_parts
from tradewind.training.interpolation import Mixture, copy_of
from tradewind.training.match.before import Before
from tradewind.training.match.bench import Bench
from tradewind.training.match_batches import MatchBatches, identity, match_batches
from tradewind.training.match_examples import best_sold
from tradewind.training.match_negatives import Hard, hard_negatives
from tradewind.training.trainer import Curves, fit
from tradewind.training.tuning import within


def tune(
    bench: Bench, before: Before, wanted: NegativeSettings, out: Path, progress: Progress
) -> tuple[Curves, Mixture]:
    """Moves the encoder's upper blocks as the plan says; returns the curves, and the weights before and after."""
    batches = _batches(bench, before, _hard(bench, wanted))
    parts = encoder_parts(bench.encoder, bench.moving)
    moves = {name for name, _ in bench.encoder.named_parameters() if not within(name, parts.frozen)}
    old = copy_of(bench.encoder, moves)
    active = bench.tuning.prepare(bench.encoder, parts)
    catalogue = torch.from_numpy(before.encode(bench.examples.validation.texts, "passage"))
    objective = Contrast(active, bench.bank.cut, ContrastSettings(sizes=bench.sizes), catalogue)
    curves = fit(
        objective,
        batches,
        bench.plan,
        out,
        validate=lambda: _watched(bench, active),
        watched="precision@10" if bench.examples.tune else "recall@20",
        progress=progress,
        identity=identity(bench.examples, wanted.model_dump_json() if wanted.wanted else "", str(bench.sizes)),
    )
    bench.tuning.finish(active)
    return curves, Mixture(old, copy_of(bench.encoder, moves))


def _hard(bench: Bench, wanted: NegativeSettings) -> Hard | None:
    pool = best_sold(bench.examples.validation.catalogue, bench.effort.sold)
    return hard_negatives(bench.examples, pool, wanted, bench.encode(), bench.plan.seed) if wanted.wanted else None


def _batches(bench: Bench, before: Before, hard: Hard | None) -> MatchBatches:
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
        hard=hard,
    )


def _watched(bench: Bench, model: nn.Module | None) -> float:
    """Returns the precision of the searches to tune on; of a shop that judged none, the recall of companions."""
    if bench.examples.tune is not None:
        return float(precisions(bench.examples.tune, by_vectors(bench.encode(model), "query")).mean())
    found = recall(bench.examples.validation, by_vectors(bench.encode(model), "together"))
    return found.means()["shown"]
