"""What one run of `match` works with: the encoder, its texts read once, the examples and the plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from tradewind.data.snapshot import Snapshot
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import Shop
from tradewind.tasks.scoring import Encode, Role
from tradewind.tasks.translations import Glosses
from tradewind.telemetry import Progress
from tradewind.training.encoder_parts import cut_at, moving_blocks
from tradewind.training.match_examples import EFFORTS, MatchEffort, MatchExamples, all_texts, match_examples
from tradewind.training.plan import Plan, plan_run
from tradewind.training.text_bank import TextBank
from tradewind.training.tuning import TuningMethod, merging, method


@dataclass(frozen=True, slots=True)
class Bench:
    """What one run works with."""

    encoder: BiEncoder
    bank: TextBank
    examples: MatchExamples
    effort: MatchEffort
    plan: Plan
    tuning: TuningMethod
    moving: int
    sizes: tuple[int, ...]

    def encode(self, model: nn.Module | None = None) -> Encode:
        """Returns texts in a role → unit vectors by `model` (the encoder, or it under adapters) as it stands then."""
        return lambda texts, role: self.bank.encode(texts, role, model)


def make_bench(
    shop: Shop, snapshot: Snapshot, checkpoint: Checkpoint, progress: Progress, glosses: Glosses | None
) -> Bench:
    """Returns what a run works with, its texts read. Raises DataError when there is nothing to learn from, ConfigError
    for a method whose result cannot be mixed with the untuned weights."""
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
    sizes = _sizes(learn.match.matryoshka, encoder.dimension)
    moving = moving_blocks(encoder, tuning, effort.blocks)
    bank = TextBank(encoder, cut_at(encoder, moving))
    _read_texts(bank, examples, progress)
    return Bench(encoder, bank, examples, effort, plan, tuning, moving, sizes)


def _sizes(asked: Sequence[int], width: int) -> tuple[int, ...]:
    """Returns the sizes to learn, largest first and the whole width among them; none where none are asked for.

    Raises ConfigError for a size that the encoder does not have.
    """
    wrong = [size for size in asked if not 1 <= size <= width]
    if wrong:
        raise ConfigError(
            f"a vector of {width} numbers cannot be cut to {wrong[0]}",
            where="learn.match.matryoshka",
            hint=f"sizes from 1 to {width}, such as [{width}, {max(1, width // 2)}]",
        )
    return tuple(sorted({*asked, width}, reverse=True)) if asked else ()


def _read_texts(bank: TextBank, examples: MatchExamples, progress: Progress) -> None:
    anchors = [*examples.together.anchors, *asked_texts(examples)]
    queries = [*examples.phrases.anchors, *examples.words, *examples.translated.queries, *examples.translated.said]
    wanted: list[tuple[Role, list[str]]] = [
        ("passage", list(all_texts(examples))),
        ("together", list(dict.fromkeys(anchors))),
        ("query", list(dict.fromkeys(queries))),
    ]
    progress.start("reading texts", sum(len(texts) for _, texts in wanted))
    for role, texts in wanted:
        bank.add(texts, role, progress)


def asked_texts(examples: MatchExamples) -> list[str]:
    """Returns the texts of the items that validation and test ask about."""
    checks = (examples.validation, examples.test)
    return [
        check.catalogue.texts[number]
        for check in checks
        for number in np.unique(check.catalogue.text_of[check.anchors])
    ]
