"""The folder that an item-level run leaves: safetensors and JSON, enough to score with."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from tradewind.errors import ModelError
from tradewind.models.item_sequence import ItemSequenceConfig, ItemSequenceModel

_WEIGHTS = "model.safetensors"
_SHAPE = "item_sequence.json"
_TEXT = "text"


def write_model(model: ItemSequenceModel, folder: Path) -> Path:
    """Writes the model's weights and shape, with its frozen text vectors where it has them, and returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    text = model.text()
    if text is not None:
        tensors[_TEXT] = text.contiguous()
    save_file(tensors, str(folder / _WEIGHTS))
    (folder / _SHAPE).write_text(json.dumps(asdict(model.shape), indent=1), encoding="utf-8")
    return folder


def read_model(folder: Path) -> ItemSequenceModel:
    """Returns what `write_model` wrote, in evaluation mode. Raises ModelError when it is not there or not whole."""
    try:
        shape = ItemSequenceConfig(**json.loads((folder / _SHAPE).read_text(encoding="utf-8")))
        tensors = load_file(str(folder / _WEIGHTS))
        model = ItemSequenceModel(shape, tensors.pop(_TEXT, None))
        model.load_state_dict(tensors)
    except (OSError, ValueError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"not a trained item-level model: {error}", where=str(folder)) from error
    return model.eval()
