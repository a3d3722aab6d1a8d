"""An exponential moving average of the weights that a run moves: what is validated, kept and given back.

Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; Tarvainen and Valpola, "Mean
teachers are better role models", NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import TrainerCallback

_FILE: Final = "moving.safetensors"
_RANKS: Final = "lora_E"
"""Part of the name of AdaLoRA's factors: one that is exactly 0 was pruned, and its average must be 0 as well."""


class MovingAverage(TrainerCallback):
    """The average of the parameters of `model` that require a gradient, brought up to date after every step.

    At step t the average goes 1 − min(`decay`, (1 + t) / (10 + t)) of the way to the weights, so that a short run does
    not keep the weights that it began with. It costs one pass over the weights a step, and their size in memory.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._moving = {name: value for name, value in model.named_parameters() if value.requires_grad}
        self._average = {name: value.detach().clone() for name, value in self._moving.items()}
        self._decay = decay

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Takes in the weights as they are after `step`, counted from 1."""
        away = 1.0 - min(self._decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(self._average.values()), [value.data for value in self._moving.values()], away)
        for name, value in self._moving.items():
            if _RANKS in name:
                self._average[name].masked_fill_(value.data == 0, 0.0)

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Is called by the trainer after an optimiser's step."""
        self.update(int(state.global_step))

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Lets the model have the averaged weights inside; nothing is copied, and the moving ones come back."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def keep(self) -> None:
        """Leaves the averaged weights in the model."""
        with torch.no_grad():
            for name, value in self._moving.items():
                value.copy_(self._average[name])

    def save(self, checkpoint: Path) -> None:
        """Writes the moving weights beside the averaged ones, which are the checkpoint's own."""
        checkpoint.mkdir(parents=True, exist_ok=True)
        save_file({name: value.detach().contiguous() for name, value in self._moving.items()}, checkpoint / _FILE)

    def take_up(self, checkpoint: Path) -> None:
        """Goes on from `checkpoint`, whose averaged weights the model holds by now."""
        stored = load_file(checkpoint / _FILE)
        with torch.no_grad():
            for name, value in self._moving.items():
                self._average[name].copy_(value)
                value.copy_(stored[name])

    def _swap(self) -> None:
        for name, value in self._moving.items():
            value.data, self._average[name] = self._average[name].to(value.device), value.data
