"""A supervised run that is killed goes on to the weights of an unbroken one; two processes learn what one would."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from tradewind.errors import ModelError
from tradewind.models.bi_encoder import BiEncoder
from tradewind.models.pretrained import Checkpoint
from tradewind.training.plan import Plan
from tradewind.training.resources import Resources
from tradewind.training.supervised.run import FineTuned, RunSettings, fine_tune
from tradewind.training.supervised.task import Rows

TEXTS = [f"{kind} {number} oz" for number in range(1, 9) for kind in ("milk", "bread", "cheese", "rolls")]
LABELS = np.array([0, 1, 0, 1] * 8)
KILL_AT = 14
"""Batches that a process learns before it is killed: behind the checkpoint of step 4, before the next."""


@pytest.fixture(autouse=True)
def _by_value() -> Iterator[None]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@dataclass(frozen=True)
class DairyOrBakery:
    """Kills the process that learns it at a batch, once: then the file `killed` is there."""

    killed: Path
    name: str = "dairy-or-bakery"
    outputs: int = 2
    tokenwise: bool = False

    def rows(self, examples: Any, encoder: BiEncoder) -> Rows:
        texts, labels = examples
        return Rows(encoder.tokens(texts, "passage"), {"label": labels})

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        count = self.killed.with_name(f"count-{os.environ.get('RANK', '')}-{os.getpid()}")
        count.open("a").write(".")
        if not self.killed.exists() and os.environ.get("RANK") != "0" and count.stat().st_size >= KILL_AT:
            self.killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return cross_entropy(outputs, targets["label"])

    def divergence(self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, Any]) -> torch.Tensor:
        return (first - second).pow(2).mean()

    def figures(self, outputs: Sequence[np.ndarray], examples: Any) -> dict[str, float]:
        wanted = torch.from_numpy(examples[1])
        return {"likelihood": -float(cross_entropy(torch.from_numpy(np.stack(outputs)), wanted))}


def plan(method: str, processes: int = 1, dropout: float = 0.1) -> Plan:
    resources = Resources(precision="fp32", processes=processes)
    return Plan(method, 10, 4, 2, 2, 5e-3, "adamw", 0.0, 0.1, dropout, 99, 13, 1, resources=resources)


def run(checkpoint: Checkpoint, out: Path, plan: Plan, killed: Path) -> FineTuned:
    examples = (TEXTS[:24], LABELS[:24]), (TEXTS[24:], LABELS[24:])
    return fine_tune(DairyOrBakery(killed), checkpoint, examples, plan, out, settings=RunSettings(blocks=1))


def same(one: FineTuned, other: FineTuned, **close: float) -> None:
    theirs = other.model.state_dict()
    for name, value in one.model.state_dict().items():
        torch.testing.assert_close(value, theirs[name], msg=name, **(close or {"rtol": 0, "atol": 0}))


def _spared(folder: Path) -> Path:
    folder.mkdir()
    (folder / "killed").touch()
    return folder / "killed"


@pytest.mark.parametrize("method", ["full", "lora", "adalora"])
def test_a_killed_run_with_accumulation_goes_on_to_the_same_weights(
    checkpoint: Checkpoint, tmp_path: Path, method: str
) -> None:
    child = os.fork()
    if child == 0:
        run(checkpoint, tmp_path / "run", plan(method), tmp_path / "killed")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    resumed = run(checkpoint, tmp_path / "run", plan(method), tmp_path / "killed")
    unbroken = run(checkpoint, tmp_path / "unbroken", plan(method), _spared(tmp_path / "spared"))
    assert resumed.curves.resumed_from == 6
    same(resumed, unbroken)


@pytest.mark.usefixtures("forked")
def test_two_processes_tune_what_one_does_and_go_on_when_one_is_killed(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """LoRA on the states of frozen blocks, which both processes map; then with dropout, killed and not."""
    spared = _spared(tmp_path / "spared")
    alone = run(checkpoint, tmp_path / "alone", plan("lora", dropout=0.0), spared)
    together = run(checkpoint, tmp_path / "together", plan("lora", 2, dropout=0.0), spared)
    same(alone, together, rtol=1e-4, atol=1e-5)
    assert alone.untuned == together.untuned and together.tuned["likelihood"] > together.untuned["likelihood"]
    dropped = replace(plan("lora", 2), accumulation=4)
    with pytest.raises(ModelError, match="process 2 of 2 was killed"):
        run(checkpoint, tmp_path / "run", dropped, tmp_path / "killed")
    resumed = run(checkpoint, tmp_path / "run", dropped, tmp_path / "killed")
    unbroken = run(checkpoint, tmp_path / "unbroken", dropped, spared)
    assert resumed.curves.resumed_from == 6
    same(resumed, unbroken)
