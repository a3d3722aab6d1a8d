"""Writes a table of token vectors as the bundle that runtime/static_encoder.py opens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from tradewind.compression.linear import TABLE_LEVELS, quantised_along
from tradewind.compression.static.token_vectors import Floats
from tradewind.models.checkpoint import CONFIG_FILE, TOKENIZER_FILE
from tradewind.runtime.bundle import EncoderFacts
from tradewind.runtime.role_map import TOGETHER_FILE
from tradewind.runtime.static_encoder import ROLE, ROWS, SCALE, TABLE_FILE


def write_static(out: Path, rows: Floats, roles: Mapping[str, Floats], checkpoint: Path, max_tokens: int) -> Path:
    """Returns `out` with the table in bytes, and of `checkpoint` the tokeniser and, where its width is kept, the map of
    the role together."""
    out.mkdir(parents=True, exist_ok=True)
    whole, scale = quantised_along(rows, axis=1, levels=TABLE_LEVELS)
    tensors = {ROWS: whole, SCALE: scale.ravel()} | {ROLE + role: vector for role, vector in roles.items()}
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, out / TABLE_FILE)
    (out / TABLE_FILE).chmod(0o644)
    shutil.copyfile(checkpoint / TOKENIZER_FILE, out / TOKENIZER_FILE)
    dimension = rows.shape[1]
    (out / TOGETHER_FILE).unlink(missing_ok=True)
    if (checkpoint / TOGETHER_FILE).is_file() and "together" in roles and dimension == _width(checkpoint):
        shutil.copyfile(checkpoint / TOGETHER_FILE, out / TOGETHER_FILE)
    # Nothing goes before a text: what the teacher's words before it did is in the role's own vector.
    prefixes = dict.fromkeys(roles, "")
    EncoderFacts(
        dimension=dimension, runtime="static", max_tokens=max_tokens, precision="int8", prefixes=prefixes
    ).write(out)
    return out


def _width(checkpoint: Path) -> int:
    return int(json.loads((checkpoint / CONFIG_FILE).read_text(encoding="utf-8"))["hidden_size"])
