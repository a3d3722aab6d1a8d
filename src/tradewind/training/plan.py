"""How long and how fast one run learns: shop.yaml's words where it has any, the effort's where it has none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from tradewind.settings import LearnSettings, TaskSettings
from tradewind.training.resources import Resources, resources_of
from tradewind.training.tuning import TuningMethod
from tradewind.training.tuning import method as named_method

_BF16_FLAGS: Final = frozenset({"avx512_bf16", "amx_bf16"})


@dataclass(frozen=True, slots=True)
class Budget:
    """What an effort allows one task: optimiser steps, examples in a step, and how often validation looks.

    `haste` multiplies the method's usual learning rate: few steps have to be longer ones.
    """

    steps: int
    batch_size: int
    evaluate_every: int
    haste: float = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, wholly decided; two runs with equal plans and examples end with equal weights."""

    method: str
    steps: int
    batch_size: int
    accumulation: int
    evaluate_every: int
    learning_rate: float
    optimiser: Literal["adamw", "sgd", "adafactor"]
    weight_decay: float
    warmup: float
    dropout: float
    patience: int
    seed: int
    threads: int
    method_options: Mapping[str, Any] = field(default_factory=dict)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    ema: float = 0.0
    """The decay of the moving average of the weights that is validated and kept; 0 for the weights themselves."""
    checkpoints: int = 1
    """How many checkpoints, the best and the last ones, are averaged in the end."""
    soup: Literal["greedy", "uniform"] = "greedy"
    resources: Resources = field(default=Resources())

    @property
    def tuning(self) -> TuningMethod:
        """The run's tuning method. Raises ConfigError for options that it does not have."""
        return named_method(self.method, self.method_options)

    @property
    def batches(self) -> int:
        """How many batches the run reads: accumulation, over all processes, spends several on one step."""
        return self.steps * self.accumulation

    def fingerprint(self, *more: str) -> str:
        """Returns a hash of the plan and of `more`, so that a checkpoint is only taken up by the run that made it."""
        return hashlib.sha256(json.dumps([asdict(self), *more], sort_keys=True).encode()).hexdigest()


def plan_run(task: TaskSettings, learn: LearnSettings, budget: Budget, method: TuningMethod) -> Plan:
    """Returns the plan of one task's run. SGD moves weights at their gradient's own size, so its rate is larger."""
    steps = task.max_steps or budget.steps
    usual = budget.haste * method.learning_rate * (100.0 if task.optimiser == "sgd" else 1.0)
    return Plan(
        method=task.method,
        steps=steps,
        batch_size=task.batch_size or budget.batch_size,
        accumulation=task.accumulation * learn.resources.processes,
        evaluate_every=max(1, min(budget.evaluate_every, steps)),
        learning_rate=task.learning_rate or usual,
        optimiser=task.optimiser,
        weight_decay=task.weight_decay,
        warmup=task.warmup,
        dropout=0.0 if task.dropout is None else task.dropout,
        patience=task.patience,
        seed=learn.seed,
        threads=learn.threads,
        method_options=task.method_options,
        schedule=task.schedule,
        resources=resources_of(learn.resources),
    )


def processor_has_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Returns whether the processor multiplies bfloat16 itself; where it does not, bfloat16 is many times slower."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith("flags")), [])
    return not _BF16_FLAGS.isdisjoint(flags)
