"""A run as something that can be handed to another process: what is learned, from what, and how it is validated."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import cloudpickle
import numpy as np
import torch
from torch import nn
from torch.distributed.tensor import DTensor

from tradewind.errors import ConfigError
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training.plan import Plan

JOB_FILE: Final = "job.pickle"
OUTCOME_FILE: Final = "outcome.pickle"


@dataclass(frozen=True, slots=True)
class Job:
    """All that `fit` is given but who watches. What `objective` and `validate` share stays shared when it travels."""

    objective: nn.Module
    batches: Any
    plan: Plan
    folder: Path
    validate: Callable[[], float]
    watched: str
    identity: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run leaves: its curves, and the weights and buffers that it may have moved, by name, on the processor."""

    curves: Any
    state: dict[str, torch.Tensor]


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Arrays that are mapped from a file stay in that file where all processes see it; a bar stays in its terminal."""

    def __init__(self, to: io.BytesIO, progress: Progress, *, mapped: bool) -> None:
        super().__init__(to)
        self._progress = progress
        self._mapped = mapped

    def reducer_override(self, thing: Any) -> Any:
        if thing is self._progress:
            return SilentProgress, ()
        if self._mapped and type(thing) is np.memmap and _is_whole(thing):
            return _map, (str(thing.filename), thing.dtype.str, thing.shape, int(thing.offset))
        return super().reducer_override(thing)


def packed(job: Job, progress: Progress, *, mapped: bool) -> bytes:
    """Returns `job` as bytes. With `mapped`, arrays of files are read from those files; without, they travel along.

    Raises ConfigError naming what cannot travel.
    """
    to = io.BytesIO()
    try:
        _Pickler(to, progress, mapped=mapped).dump(job)
    except Exception as error:
        raise ConfigError(
            f"this run cannot be given to other processes: {error}",
            where="learn.resources",
            hint="set processes: 1 and cluster: none",
        ) from None
    return to.getvalue()


def unpacked(data: bytes) -> Job:
    """Returns the job that `packed` gave; the bytes must be our own, for reading them runs what they say."""
    return cast(Job, cloudpickle.loads(data))


def moved_state(objective: nn.Module) -> dict[str, torch.Tensor]:
    """Returns the parameters of `objective` that require a gradient, and its buffers: whole, on the processor."""
    moving = {name: one for name, one in objective.named_parameters() if one.requires_grad}
    return {name: _whole(one) for name, one in (moving | dict(objective.named_buffers())).items()}


def _whole(value: torch.Tensor) -> torch.Tensor:
    """Every process has to ask for what is parted among them: the others give their parts."""
    found = value.detach()
    return (found.full_tensor() if isinstance(found, DTensor) else found).cpu().clone()


@torch.no_grad()
def take_in(objective: nn.Module, state: dict[str, torch.Tensor]) -> None:
    """Puts what `moved_state` gave into `objective`, in place."""
    own = dict(objective.named_parameters()) | dict(objective.named_buffers())
    for name, value in state.items():
        own[name].copy_(value)


def _map(filename: str, kind: str, shape: tuple[int, ...], offset: int) -> Any:
    return np.memmap(filename, kind, "r", offset, shape)


def _is_whole(mapped: Any) -> bool:
    """A view of a part has the file's name and offset, and another place in it: only the whole is mapped again."""
    return mapped.filename is not None and not isinstance(mapped.base, np.ndarray) and mapped.flags.c_contiguous
