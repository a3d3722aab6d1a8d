"""Writes a checkpoint anew with other tensors and configuration; what goes with it is copied as it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from tradewind.errors import ConfigError
from tradewind.models.checkpoint import CONFIG_FILE, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE
from tradewind.runtime.role_map import TOGETHER_FILE


def rewritten(checkpoint: Path, out: Path, tensors: Mapping[str, np.ndarray], config: Mapping[str, Any]) -> Path:
    """Returns `out` with the new weights and configuration, and tokeniser and role map of `checkpoint`.

    The same tensors always give the same bytes. Raises ConfigError when `out` is the checkpoint itself.
    """
    if out.resolve() == checkpoint.resolve():
        raise ConfigError("a checkpoint cannot be pruned in its own place", where=str(out))
    out.mkdir(parents=True, exist_ok=True)
    whole = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(whole, out / WEIGHTS_FILE, metadata={"format": "pt"})
    (out / WEIGHTS_FILE).chmod(0o644)
    (out / CONFIG_FILE).write_text(json.dumps(config, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for name in (TOKENIZER_FILE, TOKENIZER_CONFIG_FILE, TOGETHER_FILE):
        (out / name).unlink(missing_ok=True)
        if (checkpoint / name).is_file():
            shutil.copyfile(checkpoint / name, out / name)
    return out
