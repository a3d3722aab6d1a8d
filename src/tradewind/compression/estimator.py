"""Compresses a trained estimator: its encoder in int8, its head as it is, held against the original's answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from tradewind.compression.bert import BertGraph
from tradewind.compression.export import export_encoder
from tradewind.compression.linear import IntegerLinear
from tradewind.compression.profile import profile, profile_of
from tradewind.errors import ModelError, ParityError
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.models.checkpoint import read_weights
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel, load_text_head
from tradewind.runtime.bundle import HEAD_FILE, MODEL_FILE
from tradewind.runtime.text_model import ESTIMATOR_FILE
from tradewind.tasks.estimators import Model, open_model
from tradewind.tasks.tag.decoding import log_softmax
from tradewind.tasks.tag.tagger import OnnxTagger
from tradewind.tasks.tag.unit_tokens import UnitTokens
from tradewind.tasks.tag.units import natural_end, units_of
from tradewind.training.supervised.run import outputs_of
from tradewind.training.supervised.task import Rows

AGREEMENT = 0.95
"""Share of the held-out texts whose likeliest output has to stay the same."""
NEAR_TIE = 0.05
"""Share of the outputs' spread within which two of them are as good as equal."""
CORRELATION = 0.99
"""What the outputs of all held-out texts have to correlate by."""


@dataclass(frozen=True, slots=True)
class EstimatorParity:
    """How far the small model's outputs lie from the original's over `texts` held-out texts."""

    texts: int
    same_choice: float
    correlation: float


Inputs = Sequence[str] | Sequence[tuple[str, str]]


def compress_estimator(
    folder: Path, out: Path, checkpoint: Checkpoint, config: Mapping[str, Any], *, held_out: Inputs, tokens: int
) -> tuple[EstimatorParity, dict[str, Any]]:
    """Writes the bundle of the estimator in `folder` into `out`; returns its parity and its latency profile.

    Raises ParityError when its answers are too far from the original's, and then leaves nothing in `out`.
    """
    shutil.rmtree(out, ignore_errors=True)
    export_encoder(folder, out, checkpoint.prefixes, tokens)
    if config.get("tokenwise"):
        weights = read_weights(folder)
        BertGraph(weights.tensors, weights.config, IntegerLinear(), pooled=False).save(out / MODEL_FILE)
    for name in (HEAD_FILE, *config.get("files", ())):
        shutil.copyfile(folder / name, out / name)
    (out / ESTIMATOR_FILE).write_text(json.dumps(dict(config), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    small, _ = open_model(out)
    parity = compared(*_both(small, _original(folder, checkpoint, tokens, config), held_out))
    if parity.correlation < CORRELATION or parity.same_choice < AGREEMENT:
        shutil.rmtree(out)
        raise ParityError(
            f"the compressed estimator is too far from its original: correlation {parity.correlation:.4f} (wanted "
            f"{CORRELATION}), same choice {parity.same_choice:.3f} (wanted {AGREEMENT})",
            hint="train it for longer, or look at what was exported",
        )
    plain = not config.get("tokenwise") and not config.get("pairs")
    timed = profile(out, list(map(str, held_out))) if plain else profile_of(small.outputs, held_out)
    return parity, timed | {"parity": asdict(parity)}


def compared(before: np.ndarray, after: np.ndarray) -> EstimatorParity:
    """Returns the parity of two outputs (texts, outputs); a choice counts as kept where the two best were as good.

    With a single output the choice is which of two texts has the more of it.
    """
    if len(before) < 2:
        raise ModelError("an estimator is compared on two texts at least")
    spread = max(float(before.std()), 1e-9)
    if before.shape[1] == 1:
        first, second = np.triu_indices(len(before), 1)
        gaps = (before[first] - before[second])[:, 0]
        lost = np.where(np.sign(after[first] - after[second])[:, 0] == np.sign(gaps), 0.0, np.abs(gaps))
    else:
        lost = before.max(axis=1) - before[np.arange(len(before)), after.argmax(axis=1)]
    correlation = float(np.corrcoef(before.ravel(), after.ravel())[0, 1])
    return EstimatorParity(len(before), float(np.mean(lost <= NEAR_TIE * spread)), correlation)


def _both(small: Model, original: TextModel, inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    """The outputs of both for the same inputs; a tagger's are those of its encoder half, one row a unit."""
    encoder = original.encoder
    if isinstance(small, OnnxTagger):
        texts = list(map(str, inputs))
        pairs = [_unit_scores(original, text) for text in texts]
        after = [small.encoder_scores(text)[: len(before)] for text, before in zip(texts, pairs, strict=True)]
        return np.concatenate(pairs), np.concatenate(after)
    return np.stack(outputs_of(original, Rows(_tokens(encoder, inputs), {}))), np.stack(small.outputs(inputs))


def _tokens(encoder: BiEncoder, inputs: Inputs) -> list[list[int]]:
    if inputs and not isinstance(inputs[0], str):
        return encoder.pair_tokens([one[0] for one in inputs], [one[1] for one in inputs])
    return encoder.tokens([str(one) for one in inputs], "passage")


def _unit_scores(model: TextModel, text: str) -> np.ndarray:
    """Log p of the units that are read first, up to where a long text is parted."""
    units = units_of(text)
    ids, places = UnitTokens(model.encoder.tokenizer, model.encoder.max_tokens).read(text, units)
    last = natural_end(text, units, 0, len(places)) if len(places) < len(units) else len(places)
    (outputs,) = outputs_of(model, Rows([ids], {}))
    return log_softmax(outputs[places[:last]])


def _original(folder: Path, checkpoint: Checkpoint, tokens: int, config: Mapping[str, Any]) -> TextModel:
    encoder = load_bi_encoder(folder, prefixes=checkpoint.prefixes, max_tokens=tokens)
    outputs = int(load_file(folder / HEAD_FILE)["bias"].shape[0])
    model = TextModel(encoder, outputs, tokenwise=bool(config.get("tokenwise")))
    load_text_head(folder, model)
    return model
