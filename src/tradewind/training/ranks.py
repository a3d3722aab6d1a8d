"""What the processes of one run say to one another: values, means of gradients. Alone, all of it is what it was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from itertools import accumulate
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import nn


def count() -> int:
    """Returns how many processes learn together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Returns this process's number, 0 for the one that validates and writes."""
    return dist.get_rank() if count() > 1 else 0


def from_first(find: Callable[[], float]) -> float:
    """Returns what `find` returns in the first process; the others wait for it."""
    if count() == 1:
        return find()
    told = [find() if rank() == 0 else None]
    dist.broadcast_object_list(told, src=0)
    return cast(float, told[0])


def unshared(model: nn.Module) -> AbstractContextManager[Any]:
    """Keeps gradients to this process, so that a pass may fail and be tried again without the others' knowing."""
    own = getattr(model, "no_sync", None)
    return own() if own and count() > 1 else nullcontext()


def share_gradients(model: nn.Module) -> None:
    """Makes each gradient the mean over the processes; one that no process has stays absent."""
    if count() == 1:
        return
    moving = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not moving:
        return
    used = torch.tensor([float(one.grad is not None) for one in moving], device=moving[0].device)
    dist.all_reduce(used, op=dist.ReduceOp.MAX)
    shared = [one for one, is_used in zip(moving, used.tolist(), strict=True) if is_used]
    for kind in sorted({one.dtype for one in shared}, key=str):
        _mean([one for one in shared if one.dtype == kind])


def _mean(parameters: list[nn.Parameter]) -> None:
    gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in parameters]
    flat: torch.Tensor = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= count()
    ends = list(accumulate(one.numel() for one in parameters))
    for one, mean in zip(parameters, flat.tensor_split(ends[:-1]), strict=True):
        one.grad = mean.view_as(one)
