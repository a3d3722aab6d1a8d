"""Adds low-rank adapters into the weights they adapt, so that what is exported is one plain encoder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

from tradewind.errors import ModelError
from tradewind.models.checkpoint import TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, require_checkpoint
from tradewind.training.tuning import merging

ADAPTER_CONFIG: Final = "adapter_config.json"
ADAPTER_WEIGHTS: Final = "adapter_model.safetensors"
MERGEABLE: Final = frozenset({"LORA", "ADALORA", "IA3"})


def plain_checkpoint(folder: Path, out: Path) -> Path:
    """Returns `folder` when it is a whole checkpoint; adapters are merged into their base and written into `out`.

    Raises ModelError for adapters of a kind that cannot be merged, or whose base is not a checkpoint on this machine.
    """
    if not (folder / ADAPTER_CONFIG).is_file():
        require_checkpoint(folder)
        return folder
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise ModelError(f"the adapters are not there as {ADAPTER_WEIGHTS}", where=str(folder))
    config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    if config.get("peft_type") not in MERGEABLE:
        raise ModelError(
            f"adapters of kind {config.get('peft_type')} cannot be merged",
            where=str(folder),
            hint=f"train with a method whose result merges: {', '.join(merging())}",
        )
    return _merged(folder, Path(config.get("base_model_name_or_path") or ""), out)


def _merged(folder: Path, base: Path, out: Path) -> Path:
    from peft import PeftModel

    require_checkpoint(base)
    adapted: Any = PeftModel.from_pretrained(_encoder(base), str(folder))
    out.mkdir(parents=True, exist_ok=True)
    adapted.merge_and_unload(safe_merge=True).save_pretrained(out)
    for name in (TOKENIZER_FILE, TOKENIZER_CONFIG_FILE):
        source = folder / name if (folder / name).is_file() else base / name
        if source.is_file():
            shutil.copyfile(source, out / name)
    require_checkpoint(out)
    return out


def _encoder(base: Path) -> Any:
    from tradewind.models.bi_encoder import load_bi_encoder

    return load_bi_encoder(base).model
