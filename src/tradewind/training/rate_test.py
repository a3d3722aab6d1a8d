"""Which learning rates a run can take: its own batches at a rate that rises until the loss breaks away.

Smith, "Cyclical learning rates for training neural networks", WACV 2017.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from transformers.optimization import Adafactor

from tradewind.training.plan import Plan, processor_has_bf16
from tradewind.training.watching import Start, Watcher

STEPS: Final = 100
SPAN: Final = 1000.0
"""The rate rises from the plan's own divided by this to the plan's own times this."""
_FEWEST: Final = 10
_BROKEN: Final = 4.0
"""A smoothed loss this many times its lowest ends the test."""
_SMOOTH: Final = 9
_SLACK: Final = 0.1
"""The share of the whole fall by which the loss may rise again before a rate counts as too large."""


@dataclass(frozen=True, slots=True)
class RateCurve:
    """The loss at each rate as it was, and `smoothed` over neighbouring rates.

    `steepest` is the rate at which it fell fastest, None when it never fell; `bound` the largest rate before it rose
    for good, None when it did not; `stopped` the rate at which the loss was no number or out of hand.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    usual: float
    steepest: float | None
    bound: float | None
    stopped: float | None

    @property
    def suggested(self) -> float | None:
        """The steepest rate, but no more than a third of the bound; None when the loss never fell."""
        if self.steepest is None or self.bound is None:
            return self.steepest
        return min(self.steepest, self.bound / 3)

    def as_text(self) -> str:
        """Returns what the test says, one line a finding."""
        tried = f"rates from {self.rates[0]:.1e} to {self.rates[-1]:.1e} tried; the plan's own is {self.usual:.1e}"
        if self.steepest is None or self.suggested is None:
            return f"{tried}\nthe loss fell at none of them: look at the labels, or let more of the encoder move"
        end = "no rate was too large" if self.bound is None else f"too large above {self.bound:.1e}"
        return f"{tried}\nsteepest fall at {self.steepest:.1e}; {end}\nlearning_rate: {self.suggested:.1e}"


class RateKnown(Exception):  # noqa: N818  (ends a run that has done what it was begun for)
    """The test is done, and the run need not go on."""


class RateTest(Watcher):
    """Tests the rates of the run after `skip` others and ends it; `curve` holds what was found."""

    def __init__(self, steps: int = STEPS, skip: int = 0) -> None:
        self.curve: RateCurve | None = None
        self._steps = steps
        self._skip = skip

    def started(self, run: Start) -> None:
        if self._skip:
            self._skip -= 1
            return
        self.curve = range_test(run, self._steps)
        raise RateKnown


def range_test(run: Start, steps: int = STEPS) -> RateCurve:
    """Returns the losses of `run` over exponentially rising rates; weights, buffers and random states stay as they
    were."""
    usual = run.plan.learning_rate
    rates = np.geomspace(usual / SPAN, usual * SPAN, steps)
    losses: list[float] = []
    with _undone(run.objective):
        for loss in _losses(run, rates):
            losses.append(loss)
            if _out_of_hand(losses):
                break
    return _read(rates[: len(losses)], losses, usual, len(losses) < steps or not math.isfinite(losses[-1]))


def _losses(run: Start, rates: np.ndarray) -> Iterator[float]:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    objective = run.objective.to(device).train()
    moving = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    optimiser = _optimiser(run.plan, moving)
    for step, rate in enumerate(rates):
        for group in optimiser.param_groups:
            group["lr"] = float(rate)
        batches = [
            run.batches[(step * run.plan.accumulation + n) % len(run.batches)] for n in range(run.plan.accumulation)
        ]
        total = sum(_one(objective, batch, device, run.plan.accumulation) for batch in batches)
        nn.utils.clip_grad_norm_(moving, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        yield total


def _one(objective: nn.Module, batch: Any, device: str, of: int) -> float:
    there = {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in batch.items()}
    with torch.autocast(device, torch.bfloat16, enabled=processor_has_bf16()):
        loss: torch.Tensor = objective(**there)["loss"] / of
    loss.backward()  # type: ignore[no-untyped-call]
    return float(loss.detach())


def _optimiser(plan: Plan, moving: list[nn.Parameter]) -> torch.optim.Optimizer:
    if plan.optimiser == "sgd":
        return torch.optim.SGD(moving, lr=1.0, momentum=0.9, weight_decay=plan.weight_decay)
    if plan.optimiser == "adafactor":
        return Adafactor(  # type: ignore[no-untyped-call]
            moving, lr=1.0, scale_parameter=False, relative_step=False, weight_decay=plan.weight_decay
        )
    return torch.optim.AdamW(moving, lr=1.0, weight_decay=plan.weight_decay)


def _out_of_hand(losses: list[float]) -> bool:
    if not math.isfinite(losses[-1]):
        return True
    if len(losses) <= _FEWEST:
        return False
    means = np.convolve(losses, np.full(3, 1 / 3), mode="valid")
    # A loss that came near nothing is many times its lowest again soon: it also has to be above where it began.
    return bool(means[-1] > max(_BROKEN * means.min(), 1.5 * means[0]))


def _read(rates: np.ndarray, losses: list[float], usual: float, stopped: bool) -> RateCurve:
    whole = [loss for loss in losses if math.isfinite(loss)]
    smooth = _smoothed(np.array(whole)) if whole else np.empty(0)
    steepest, bound = _found(rates[: len(whole)], smooth)
    return RateCurve(
        rates=tuple(map(float, rates)),
        losses=tuple(losses),
        smoothed=tuple(map(float, smooth)),
        usual=usual,
        steepest=steepest,
        bound=bound,
        stopped=float(rates[-1]) if stopped else None,
    )


def _smoothed(losses: np.ndarray) -> np.ndarray:
    """A triangle over neighbouring rates: both sides, so that the curve does not lag behind the rate."""
    weights = np.bartlett(_SMOOTH + 2)[1:-1]
    padded = np.pad(losses, _SMOOTH // 2, mode="edge")
    found: np.ndarray = np.convolve(padded, weights / weights.sum(), mode="valid")
    return found


def _found(rates: np.ndarray, smooth: np.ndarray) -> tuple[float | None, float | None]:
    if len(smooth) < _FEWEST:
        return None, None
    lowest = int(np.argmin(smooth))
    fall = float(smooth[: lowest + 1].max() - smooth[lowest])
    noise = float(np.std(np.diff(smooth[: max(3, len(smooth) // 4)]))) * _SMOOTH
    if lowest < 2 or fall <= max(noise, 0.02 * abs(float(smooth[0]))):
        return None, None
    slopes = np.gradient(smooth[: lowest + 1], np.log(rates[: lowest + 1]))
    beyond = np.flatnonzero(smooth[lowest:] > smooth[lowest] + _SLACK * fall)
    bound = float(rates[lowest + int(beyond[0]) - 1]) if len(beyond) else None
    return float(rates[int(np.argmin(slopes))]), bound


@contextmanager
def _undone(objective: nn.Module) -> Iterator[None]:
    """Puts back what a test changes: moving weights, buffers, modes, and where chance stood."""
    moving = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    kept = [(held, held.detach().clone()) for held in (*moving, *objective.buffers())]
    modes = [(module, module.training) for module in objective.modules()]
    chance = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        objective.to("cpu")
        with torch.no_grad():
            for held, value in kept:
                held.copy_(value)
        for parameter in moving:
            parameter.grad = None
        for module, mode in modes:
            module.training = mode
        random.setstate(chance[0])
        np.random.set_state(chance[1])
        torch.set_rng_state(chance[2])
