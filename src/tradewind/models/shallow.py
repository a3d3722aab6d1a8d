"""The lower blocks of an encoder as a checkpoint of its own: for a task over tokens the top ones are not needed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from tradewind.errors import ConfigError
from tradewind.models.checkpoint import CONFIG_FILE
from tradewind.models.pretrained import Checkpoint

_DEPTH: Final = "num_hidden_layers"


def shallow(checkpoint: Checkpoint, blocks: int, out: Path) -> Checkpoint:
    """Returns a checkpoint in `out` that reads the lowest `blocks` blocks of the same weights.

    The file of weights is linked and not copied; what lies above is left in it and never loaded. An encoder trained to
    put a whole text into one vector keeps in its top blocks less of what each word is (Tenney, Das and Pavlick, "BERT
    rediscovers the classical NLP pipeline", ACL 2019, for how depth and task go together).
    Raises ConfigError when the encoder has fewer blocks, or its configuration does not say how many.
    """
    config = json.loads((checkpoint.folder / CONFIG_FILE).read_text(encoding="utf-8"))
    depth = config.get(_DEPTH)
    if not isinstance(depth, int) or not 1 <= blocks <= depth:
        raise ConfigError(f"an encoder of {depth} blocks cannot be cut to {blocks}", where=str(checkpoint.folder))
    out.mkdir(parents=True, exist_ok=True)
    for file in checkpoint.folder.iterdir():
        if file.is_file() and file.name != CONFIG_FILE:
            _link(file, out / file.name)
    (out / CONFIG_FILE).write_text(json.dumps(config | {_DEPTH: blocks}, indent=1) + "\n", encoding="utf-8")
    return replace(checkpoint, folder=out)


def _link(file: Path, to: Path) -> None:
    to.unlink(missing_ok=True)
    try:
        to.symlink_to(file.resolve())
    except OSError:  # a file system without links
        shutil.copyfile(file, to)
