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

from tradewind.compression.export import export_encoder
from tradewind.compression.profile import profile
from tradewind.errors import ModelError, ParityError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel, load_text_head
from tradewind.runtime.bundle import HEAD_FILE
from tradewind.runtime.text_model import ESTIMATOR_FILE, OnnxTextModel
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


def compress_estimator(
    folder: Path, out: Path, checkpoint: Checkpoint, config: Mapping[str, Any], *, held_out: Sequence[str], tokens: int
) -> tuple[EstimatorParity, dict[str, Any]]:
    """Writes the bundle of the estimator in `folder` into `out`; returns its parity and its latency profile.

    Raises ParityError when its answers are too far from the original's, and then leaves nothing in `out`.
    """
    shutil.rmtree(out, ignore_errors=True)
    export_encoder(folder, out, checkpoint.prefixes, tokens)
    shutil.copyfile(folder / HEAD_FILE, out / HEAD_FILE)
    (out / ESTIMATOR_FILE).write_text(json.dumps(dict(config), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    small = OnnxTextModel(out)
    parity = compared(_original(folder, checkpoint, held_out, tokens), np.stack(small.outputs(held_out)))
    if parity.correlation < CORRELATION or parity.same_choice < AGREEMENT:
        shutil.rmtree(out)
        raise ParityError(
            f"the compressed estimator is too far from its original: correlation {parity.correlation:.4f} (wanted "
            f"{CORRELATION}), same choice {parity.same_choice:.3f} (wanted {AGREEMENT})",
            hint="train it for longer, or look at what was exported",
        )
    return parity, profile(out, held_out) | {"parity": asdict(parity)}


def compared(before: np.ndarray, after: np.ndarray) -> EstimatorParity:
    """Returns the parity of two outputs (texts, outputs); a choice counts as kept where the two best were as good."""
    if len(before) < 2:
        raise ModelError("an estimator is compared on two texts at least")
    rows = np.arange(len(before))
    lost = before.max(axis=1) - before[rows, after.argmax(axis=1)]
    spread = max(float(before.std()), 1e-9)
    correlation = float(np.corrcoef(before.ravel(), after.ravel())[0, 1])
    return EstimatorParity(len(before), float(np.mean(lost <= NEAR_TIE * spread)), correlation)


def _original(folder: Path, checkpoint: Checkpoint, texts: Sequence[str], tokens: int) -> np.ndarray:
    encoder = load_bi_encoder(folder, prefixes=checkpoint.prefixes, max_tokens=tokens)
    model = TextModel(encoder, int(load_file(folder / HEAD_FILE)["bias"].shape[0]))
    load_text_head(folder, model)
    return np.stack(outputs_of(model, Rows(encoder.tokens(texts, "passage"), {})))
