"""One training step that says when its loss is no number, and halves a batch that does not fit into memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from tradewind.errors import ModelError
from tradewind.telemetry import Progress

Step = Callable[[dict[str, Any], float], torch.Tensor]
"""A batch and its weight in; its weighed loss out, the gradients of it added to the model's."""


def require_finite(loss: torch.Tensor, step: int, batch: int) -> None:
    """Raises ModelError naming the step and the batch when `loss` is no number."""
    value = float(loss.detach())
    if not math.isfinite(value):
        raise ModelError(
            f"the loss is no longer a number at step {step + 1}, batch {batch + 1} (it is {value})",
            hint="lower learning_rate in shop.yaml; the checkpoint before that step is kept",
        )


def in_memory(step: Step, batch: dict[str, Any], start_over: Callable[[], None], progress: Progress) -> torch.Tensor:
    """Returns the loss of `batch`; when memory does not suffice, that of its parts, each weighed by its rows.

    `start_over` takes back the gradients that a step has left before it failed; the parts are made smaller until all
    of them fit. Raises ModelError when a single row does not.
    """
    rows = rows_of(batch)
    size = rows
    while True:
        try:
            parts = [_part(batch, at, min(at + size, rows), rows) for at in range(0, rows, size)] or [batch]
            return torch.stack([step(part, rows_of(part) / rows if rows else 1.0) for part in parts]).sum()
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        if size < 2:
            raise ModelError("a single example does not fit into memory", hint="lower max_tokens, or move fewer blocks")
        start_over()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        size = (size + 1) // 2
        progress.note(f"      memory does not hold a batch of {rows}: it is learned {size} at a time")


@contextmanager
def whole_in_memory() -> Iterator[None]:
    """Raises ModelError when memory runs out inside: what is learned there cannot be taken apart."""
    try:
        yield
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        raise ModelError("memory does not hold a batch, and it must stay whole", hint="lower batch_size") from None


def is_out_of_memory(error: BaseException) -> bool:
    """Returns whether an error says that memory ran out, on a card or on the machine itself."""
    words = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in words or "not enough memory" in words


def rows_of(batch: dict[str, Any]) -> int:
    """Returns how many examples a batch has: the length of its longest tensor."""
    return max((len(value) for value in batch.values() if isinstance(value, torch.Tensor) and value.dim()), default=0)


def _part(batch: dict[str, Any], start: int, stop: int, rows: int) -> dict[str, Any]:
    return {
        name: value[start:stop] if isinstance(value, torch.Tensor) and value.dim() and len(value) == rows else value
        for name, value in batch.items()
    }
