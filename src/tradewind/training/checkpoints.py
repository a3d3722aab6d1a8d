"""Checkpoints that survive a kill: only whole ones are taken up, and only by the run that made them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

_STATE: Final = "trainer_state.json"
_OWNER: Final = "run.txt"


def take_up(folder: Path, fingerprint: str) -> Path:
    """Returns `folder`, emptied when what lies there belongs to a run with another fingerprint."""
    owner = folder / _OWNER
    if folder.is_dir() and (not owner.is_file() or owner.read_text(encoding="utf-8") != fingerprint):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    owner.write_text(fingerprint, encoding="utf-8")
    return folder


def last_complete(folder: Path) -> Path | None:
    """Returns the newest whole checkpoint in `folder`, None when there is none; half-written ones are removed.

    The trainer writes its state file last, so a checkpoint without a readable one was cut off.
    """
    whole = []
    for found in folder.glob("checkpoint-*"):
        if _is_whole(found):
            whole.append(found)
        else:
            shutil.rmtree(found)
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _is_whole(checkpoint: Path) -> bool:
    try:
        state = json.loads((checkpoint / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    best = state.get("best_model_checkpoint")
    return best is None or Path(best).is_dir()
