"""kill -9 in the middle of training and of a publication: the next `up` goes on, and ends with the same bytes."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.safetensors")}


def forget(shop: Path, *steps: str) -> None:
    """Makes the shop's ledger as if these steps had never run."""
    path = shop / ".tradewind/ledger.json"
    entries = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: entry for name, entry in entries.items() if name not in steps}))


def files_of(shop: Path, cli: Any, name: str) -> dict[str, Any]:
    """Returns the signed list of an artefact's files, with their hashes."""
    found: dict[str, Any] = json.loads(cli.run("models", "show", name, "--shop", shop).stdout)["files"]
    return found


def test_killed_in_training_and_in_publishing_it_ends_with_the_bytes_of_a_run_that_was_left_alone(
    quick_shop: Path, cli: Any
) -> None:
    work = quick_shop / ".tradewind"
    match, encoders = work / "scratch/match", work / "artefacts/encoder/match"
    cli.run("up", quick_shop, "--until", "compress")
    alone, published = digests(match / "encoder"), files_of(quick_shop, cli, "encoder/match")
    assert "model.safetensors" in alone
    forget(quick_shop, "match", "compress")
    shutil.rmtree(match)
    shutil.rmtree(encoders)

    def checkpoint_is_whole() -> bool:
        return any(match.glob("checkpoints/checkpoint-*/trainer_state.json"))

    cli.kill_when(checkpoint_is_whole, "up", quick_shop, "--no-serve")
    assert not (match / "encoder").exists(), "it was killed while it learned"
    cli.kill_when(lambda: any(encoders.glob(".incoming-*")), "up", quick_shop, "--no-serve")
    facts = json.loads((match / "report.json").read_text(encoding="utf-8"))["facts"]
    assert facts["resumed from step"] == 30
    assert digests(match / "encoder") == alone

    done = cli.run("up", quick_shop, "--no-serve")
    assert done.stderr.count("nothing new") == 3, "the tables, the weights and the training were done"
    assert files_of(quick_shop, cli, "encoder/match") == published
    assert not list(encoders.glob(".incoming-*")), "what the killed publisher left is cleared"
    assert "ok  generation/shop/" in cli.run("models", "verify", "generation/shop", "--shop", quick_shop).stdout
