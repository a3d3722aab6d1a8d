"""AdaLoRA's schedule under the transformers Trainer: the budget of ranks shrinks from step to step."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback

from tradewind.errors import ConfigError

FEWEST_STEPS: Final = 10
_FIRST: Final = 0.1
_LAST: Final = 0.3
"""Shares of the run before ranks are taken away, and after."""
_ALLOCATIONS: Final = 100
"""At most so many times ranks are allotted; importance is counted in every step."""
_FILE: Final = "importance.safetensors"


class RankSchedule(TrainerCallback):
    """Tells peft of every optimiser step while the gradients are still there, and keeps directions orthogonal.

    The importance of ranks is a running mean over steps; it is written beside each checkpoint, so that a run that was
    cut off allots ranks as an unbroken one does.
    """

    def __init__(self, model: Any, steps: int) -> None:
        if steps < FEWEST_STEPS:
            raise ConfigError(f"adalora needs {FEWEST_STEPS} steps or more, and this run has {steps}")
        self._model = model
        self._config = model.peft_config[model.trainable_adapter_name]
        self._config.total_step = steps
        self._config.tinit, self._config.tfinal = int(_FIRST * steps), int(_LAST * steps)
        self._config.deltaT = max(1, steps // _ALLOCATIONS)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Takes up the importance of ranks, and which are gone, where a run goes on."""
        if not state.global_step:
            return
        self._config.rank_pattern = self._ranks()
        stored = Path(args.output_dir) / f"checkpoint-{state.global_step}" / _FILE
        if stored.is_file():
            self._take(load_file(stored))

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Adds the gradient of the orthogonality term: peft adds the term only to a loss that it computes itself."""
        if self._config.orth_reg_weight:
            (self._config.orth_reg_weight * self.orthogonality()).backward()

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Counts importance and takes ranks away; the trainer counts the step only after this."""
        step, counted = state.global_step + 1, self._model.rankallocator
        if step == self._config.total_step - self._config.tfinal and not counted.exp_avg_ipt:
            counted.update_ipt(self._model.model)
        self._model.update_and_allocate(step)

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Writes the importance of ranks into the checkpoint of this step."""
        counted = self._model.rankallocator
        kept = {f"mean.{name}": value for name, value in counted.exp_avg_ipt.items()}
        kept |= {f"spread.{name}": value for name, value in counted.exp_avg_unc.items()}
        if kept:
            save_file(kept, Path(args.output_dir) / f"checkpoint-{state.global_step}" / _FILE)

    def orthogonality(self) -> torch.Tensor:
        """Returns the mean over all A and B of ‖PᵀP − I‖, which is 0 where a layer's directions are orthonormal."""
        terms = []
        for name, value in self._model.named_parameters():
            if value.requires_grad and ("lora_A" in name or "lora_B" in name):
                gram = value @ value.T if "lora_A" in name else value.T @ value
                terms.append(torch.linalg.matrix_norm(gram - torch.eye(len(gram), device=gram.device)))
        return torch.stack(terms).mean()

    def ranks(self) -> dict[str, int]:
        """Returns how many directions each layer has left."""
        return {name: sum(kept) for name, kept in self._ranks().items()}

    def _ranks(self) -> dict[str, list[bool]]:
        """A direction that lost its rank has the factor 0, and gets it again after every step."""
        return {
            name: (value.detach().flatten() != 0).tolist()
            for name, value in self._model.model.named_parameters()
            if "lora_E" in name
        }

    def _take(self, kept: dict[str, torch.Tensor]) -> None:
        counted = self._model.rankallocator
        for name, value in kept.items():
            kind, _, parameter = name.partition(".")
            (counted.exp_avg_ipt if kind == "mean" else counted.exp_avg_unc)[parameter] = value
            counted.ipt[parameter] = torch.zeros_like(value)
