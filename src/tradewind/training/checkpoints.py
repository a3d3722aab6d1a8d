"""Checkpoints that survive a kill: only whole ones are taken up, and only by the run that made them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final
from zipfile import is_zipfile

_STATE: Final = "trainer_state.json"
_OWNER: Final = "run.txt"


def take_up(folder: Path, fingerprint: str) -> Path:
    """Returns `folder`, emptied when what lies there belongs to a run with another fingerprint."""
    owner = folder / _OWNER
    if owner.is_file() and owner.read_text(encoding="utf-8") == fingerprint:
        return folder
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    owner.write_text(fingerprint, encoding="utf-8")
    return folder


def put_in_order(folder: Path, fingerprint: str, processes: int) -> None:
    """Leaves in `folder` only what the run with this fingerprint can take up, before several processes look there."""
    last_complete(take_up(folder, fingerprint), processes)


def last_complete(folder: Path, processes: int = 1) -> Path | None:
    """Returns the newest whole checkpoint in `folder`, None when there is none; half-written ones are removed.

    The trainer writes its state file last, so a checkpoint without a readable one was cut off. Of several `processes`
    each adds its random state, and may do so after that.
    """
    whole = []
    for found in folder.glob("checkpoint-*"):
        if _is_whole(found) and _has_states(found, processes):
            whole.append(found)
        else:
            shutil.rmtree(found)
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def _has_states(checkpoint: Path, processes: int) -> bool:
    """A file of torch is a zip archive, whose directory stands at its end: half of one is none."""
    return processes == 1 or all(is_zipfile(checkpoint / f"rng_state_{rank}.pth") for rank in range(processes))


def _is_whole(checkpoint: Path) -> bool:
    try:
        state = json.loads((checkpoint / _STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    best = state.get("best_model_checkpoint")
    return best is None or Path(best).is_dir()
