"""The transformers Trainer as our runs need it: batches in their order, validation by a function, averaged weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from torch.utils.data import Dataset, SequentialSampler
from transformers import Trainer, TrainerCallback

from tradewind.telemetry import Progress
from tradewind.training import ranks
from tradewind.training.averaging.moving import MovingAverage
from tradewind.training.guarded_step import Step, in_memory, require_finite, whole_in_memory

Batch = Mapping[str, Any]


class Lazy(Dataset[Batch]):
    """Batches that are made when they are read."""

    def __init__(self, batches: Sized) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, place: int) -> Batch:
        return cast(Batch, cast(Any, self.batches)[place])


class Report(TrainerCallback):
    """Counts steps for whoever watches."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.progress.advance()


class Runner(Trainer):
    """Reads ready-made batches in their order, and validates with a function in place of a loss."""

    def __init__(
        self, validate: Callable[[], float], watched: str, progress: Progress, batches_read: int, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.average: MovingAverage | None = None
        self._progress = progress
        self._batches_read = batches_read
        # The objective's **batch would otherwise be taken for one that divides by the accumulated count itself.
        self.model_accepts_loss_kwargs = False
        self._validate = validate
        self._watched = watched

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        return SequentialSampler(cast(Sized, self.train_dataset if train_dataset is None else train_dataset))

    def training_step(self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None) -> torch.Tensor:
        """Returns the loss, a number, of a batch that was learned whole or in parts."""
        if cast(Any, self.model).divisible and self.args.gradient_accumulation_steps == 1:
            with ranks.unshared(model):
                loss = in_memory(self._weighed(model), inputs, model.zero_grad, self._progress)
            ranks.share_gradients(model)
        else:
            with whole_in_memory():
                loss = super().training_step(model, inputs, num_items_in_batch)
        require_finite(loss, int(self.state.global_step), self._batches_read)
        self._batches_read += ranks.count()
        return loss

    def _weighed(self, model: nn.Module) -> Step:
        def step(part: dict[str, Any], weight: float) -> torch.Tensor:
            model.train()
            with self.compute_loss_context_manager():
                loss = cast(torch.Tensor, self.compute_loss(model, self._prepare_inputs(part))) * weight
            self.accelerator.backward(loss)
            return loss.detach()

        return step

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Returns the watched metric. Validation works with numpy, on the processor: the model comes there and back."""
        model = cast(nn.Module, self.model)
        with self._averaged():
            model.eval().to("cpu")
            metrics = {f"eval_{self._watched}": ranks.from_first(self._validate)}
            model.to(self.args.device).train()
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def average_weights(self, decay: float) -> None:
        """Validates and keeps a moving average of the weights from now on."""
        self.average = MovingAverage(cast(nn.Module, self.model), decay)
        self.add_callback(self.average)

    def _averaged(self) -> AbstractContextManager[None]:
        return self.average.in_place() if self.average else nullcontext()

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        """The averaged weights are the checkpoint's own, so that the best one gives them back."""
        if self.average:
            self.average.save(Path(output_dir or str(self.args.output_dir)))
        with self._averaged():
            super()._save(output_dir, state_dict)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        if self.average:
            self.average.take_up(Path(resume_from_checkpoint))
