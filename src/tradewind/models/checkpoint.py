"""A pretrained encoder held in memory, and as the Hugging Face folder it is read from and written to.

The folder holds `config.json`, `model.safetensors`, `tokenizer.json` and `tokenizer_config.json`. Nothing in it can run
code: weights are safetensors only, and a configuration that asks for code of its own is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from tradewind.errors import ModelError

WEIGHTS_FILE: Final = "model.safetensors"
CONFIG_FILE: Final = "config.json"
TOKENIZER_FILE: Final = "tokenizer.json"
TOKENIZER_CONFIG_FILE: Final = "tokenizer_config.json"
NEEDED_FILES: Final = (WEIGHTS_FILE, CONFIG_FILE, TOKENIZER_FILE)
ADAPTER_CONFIG_FILE: Final = "adapter_config.json"
ADAPTER_WEIGHTS_FILE: Final = "adapter_model.safetensors"
PICKLED_WEIGHTS: Final = ("pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack")


@dataclass(frozen=True, slots=True)
class EncoderWeights:
    """The four parts of a checkpoint. `tensors`: float arrays by their Hugging Face names; the rest: JSON."""

    tensors: Mapping[str, np.ndarray]
    config: Mapping[str, Any]
    tokenizer: Mapping[str, Any]
    tokenizer_config: Mapping[str, Any]


def read_weights(folder: Path) -> EncoderWeights:
    """Returns the checkpoint in `folder`. Raises ModelError when a part is missing, unsafe or unreadable."""
    require_checkpoint(folder)
    try:
        tensors = load_file(folder / WEIGHTS_FILE)
    except SafetensorError as error:
        raise ModelError(f"not a safetensors file: {error}", where=str(folder / WEIGHTS_FILE)) from None
    extra = folder / TOKENIZER_CONFIG_FILE
    return EncoderWeights(
        tensors=tensors,
        config=_read_json(folder / CONFIG_FILE),
        tokenizer=_read_json(folder / TOKENIZER_FILE),
        tokenizer_config=_read_json(extra) if extra.is_file() else {},
    )


def write_weights(weights: EncoderWeights, folder: Path) -> None:
    """Writes the checkpoint into the existing empty `folder`; the same weights always give the same bytes."""
    save_file(dict(weights.tensors), folder / WEIGHTS_FILE, metadata={"format": "pt"})
    (folder / WEIGHTS_FILE).chmod(0o644)
    _write_json(folder / CONFIG_FILE, weights.config, indent=1)
    _write_json(folder / TOKENIZER_FILE, weights.tokenizer)
    _write_json(folder / TOKENIZER_CONFIG_FILE, weights.tokenizer_config)


def require_checkpoint(folder: Path) -> None:
    """Raises ModelError unless `folder` holds a checkpoint that loads without running code or reading a pickle."""
    missing = [name for name in NEEDED_FILES if not (folder / name).is_file()]
    if WEIGHTS_FILE in missing and any((folder / name).exists() for name in PICKLED_WEIGHTS):
        raise ModelError(
            "the weights are only there in a form that can run code when it is read",
            where=str(folder),
            hint=f"save them as {WEIGHTS_FILE}: model.save_pretrained(folder)",
        )
    if WEIGHTS_FILE in missing and (folder / ADAPTER_CONFIG_FILE).is_file():
        raise ModelError(
            "the folder holds what a tuning method added to a pretrained model, and not the model itself",
            where=str(folder),
            hint="train with a method whose result merges: full, partial, head, lora, adalora or ia3",
        )
    if missing:
        raise ModelError(f"not a model folder: {', '.join(missing)} is not there", where=str(folder))
    if "auto_map" in _read_json(folder / CONFIG_FILE):
        raise ModelError("the model needs code of its own, which is never run", where=str(folder / CONFIG_FILE))


def _read_json(path: Path) -> dict[str, Any]:
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"not valid JSON: {error}", where=str(path)) from None
    if not isinstance(loaded, dict):
        raise ModelError("not a JSON object", where=str(path))
    return loaded


def _write_json(path: Path, content: Mapping[str, Any], indent: int | None = None) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
