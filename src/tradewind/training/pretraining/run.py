"""Continued pretraining: an encoder and a shop's texts in, the encoder after foretelling hidden words in them out.

Gururangan et al., "Don't stop pretraining: adapt language models to domains and tasks", ACL 2020.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

from tradewind.data.examples import without_numbers
from tradewind.data.group_rows import group_rows
from tradewind.errors import ConfigError
from tradewind.evaluation.agreement import rank_correlation
from tradewind.models.adaptable import FAMILIES
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.models.checkpoint import CONFIG_FILE
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import LearnSettings, PretrainSettings
from tradewind.telemetry import Progress
from tradewind.training.encoder_parts import encoder_parts
from tradewind.training.plan import Plan
from tradewind.training.pretraining.masking import Masking, Words, masking_of, words_of
from tradewind.training.pretraining.objective import (
    Foretelling,
    MaskedBatches,
    MaskedWords,
    log_likelihood,
    masked_batch,
)
from tradewind.training.trainer import Curves, fit, forget
from tradewind.training.tuning import method, move_only

HEAD: Final = ("head", "norm", "often")
HEAD_STEPS, HEAD_RATE = 300, 1e-3
MOST_HELD_OUT: Final = 2000
"""Texts that are validated on, and that are tested on, at most."""
COMPARED: Final = 200
_BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class Pretrained:
    """The encoder after its run, the perplexities of hidden tokens on texts that were never learned, and how far its
    vectors kept their order: the rank correlation of the nearness of held-out texts before and after."""

    encoder: BiEncoder
    perplexity: dict[str, float]
    order_kept: float
    curves: Curves
    plan: Plan
    texts: int


@dataclass(frozen=True, slots=True)
class _Sides:
    learned: list[Words]
    validated: list[dict[str, Any]]
    tested: list[dict[str, Any]]
    masking: Masking
    held_out: list[str]


def pretrain(
    checkpoint: Checkpoint,
    texts: Sequence[str],
    settings: PretrainSettings,
    learn: LearnSettings,
    out: Path,
    progress: Progress,
) -> Pretrained:
    """Returns the encoder after a run over `texts`; works in `out`, from where an interrupted run goes on.

    First a new head learns to read the encoder as it is, which gives the perplexity before; then the encoder's blocks
    move as well, and the word table stays. Texts that differ in numbers alone stay on one side. Raises ConfigError for
    a family that is not pretrained by masking, ModelError for a tokeniser without a mask, DataError for too few texts.
    """
    require_masked_family(checkpoint)
    encoder = load_bi_encoder(
        checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=settings.max_tokens, dropout=0.1
    )
    sides = _sides(encoder, texts, settings, learn.seed)
    before = encoder.encode(sides.held_out, "passage")
    counts = _counts(sides.learned, encoder.tokenizer.get_vocab_size())
    model = MaskedWords(encoder, counts)
    plan = plan_of(settings, learn, len(sides.learned))
    identity = hashlib.sha256("\n".join([checkpoint.sha256, *texts]).encode()).hexdigest()
    perplexity = {"frequencies": _of_frequencies(counts, sides.tested)}
    head = replace(plan, steps=min(plan.steps, HEAD_STEPS), learning_rate=HEAD_RATE, method="head")
    move_only(model, HEAD)
    _learn(model, sides, head, out / "head", (identity, progress))
    perplexity["before"] = math.exp(-log_likelihood(model, sides.tested))
    blocks = min(len(encoder.blocks), settings.blocks or len(encoder.blocks))
    method("full").prepare(model, encoder_parts(encoder, blocks, prefix="encoder.", head=HEAD))
    curves = _learn(model, sides, plan, out, (identity, progress))
    perplexity["after"] = math.exp(-log_likelihood(model, sides.tested))
    after = encoder.encode(sides.held_out, "passage")
    kept = rank_correlation(*(_nearness(vectors) for vectors in (before, after)))
    return Pretrained(encoder, perplexity, kept, curves, plan, len(sides.learned))


def require_masked_family(checkpoint: Checkpoint) -> None:
    """Raises ConfigError when the encoder's family is not pretrained by masking, naming those that are."""
    config = json.loads((checkpoint.folder / CONFIG_FILE).read_text(encoding="utf-8"))
    family = str(config.get("model_type", ""))
    if family not in MODEL_FOR_MASKED_LM_MAPPING_NAMES:
        able = ", ".join(sorted(name for name in FAMILIES if name in MODEL_FOR_MASKED_LM_MAPPING_NAMES))
        raise ConfigError(
            f"a {family or 'nameless'} model is not pretrained by masking words", hint=f"these are: {able}"
        )


def plan_of(settings: PretrainSettings, learn: LearnSettings, count: int) -> Plan:
    """Returns the plan of a run over `count` texts."""
    steps = settings.max_steps or max(30, round(settings.epochs * count / settings.batch_size))
    return Plan(
        method="full",
        steps=steps,
        batch_size=settings.batch_size,
        accumulation=1,
        evaluate_every=max(1, min(steps, max(10, steps // 6))),
        learning_rate=settings.learning_rate,
        optimiser="adamw",
        weight_decay=0.01,
        warmup=0.1,
        dropout=0.1,
        patience=3,
        seed=learn.seed,
        threads=learn.threads,
    )


def _sides(encoder: BiEncoder, texts: Sequence[str], settings: PretrainSettings, seed: int) -> _Sides:
    masking = masking_of(encoder.tokenizer, settings.masked)
    rows = group_rows([without_numbers(text) for text in texts], seed)
    words = words_of(encoder.tokenizer, texts, encoder.prefixes["passage"], whole=settings.whole_words)

    def batches(side: np.ndarray) -> list[dict[str, Any]]:
        held = [words[row] for row in side[:MOST_HELD_OUT]]
        parts = [held[start : start + _BATCH] for start in range(0, len(held), _BATCH)]
        return [masked_batch(part, masking, (seed, place)) for place, part in enumerate(parts)]

    held_out = [texts[row] for row in rows.tested[:COMPARED]]
    learned = [words[row] for row in rows.learned]
    return _Sides(learned, batches(rows.validated), batches(rows.tested), masking, held_out)


def _learn(model: MaskedWords, sides: _Sides, plan: Plan, out: Path, told: tuple[str, Progress]) -> Curves:
    curves = fit(
        Foretelling(model),
        MaskedBatches(sides.learned, sides.masking, plan),
        plan,
        out,
        validate=lambda: log_likelihood(model, sides.validated),
        watched="log-likelihood",
        progress=told[1],
        identity=told[0],
    )
    forget(out)
    return curves


def _counts(texts: Sequence[Words], size: int) -> np.ndarray:
    """How often each token could be hidden."""
    found: np.ndarray = np.bincount(np.concatenate([text.ids[text.words >= 0] for text in texts]), minlength=size)
    return found


def _of_frequencies(counts: np.ndarray, batches: Sequence[dict[str, Any]]) -> float:
    """The perplexity of who knows how often each token occurs and reads nothing."""
    often = np.log((counts + 0.1) / (counts + 0.1).sum())
    targets = np.concatenate([batch["targets"].numpy().ravel() for batch in batches])
    return float(np.exp(-often[targets[targets >= 0]].mean()))


def _nearness(vectors: np.ndarray) -> np.ndarray:
    """The nearness of each text to all others, itself left out."""
    found: np.ndarray = vectors @ vectors.T
    return found[~np.eye(len(found), dtype=bool)].reshape(len(found), -1)
