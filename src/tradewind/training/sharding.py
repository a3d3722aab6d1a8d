"""A run whose weights are parted among the processes: the first one validates a whole copy of its own.

No process can run the model alone while each has a part of it, and validation is one process's work.
"""

from __future__ import annotations

from typing import Any

from tradewind.errors import ConfigError
from tradewind.telemetry import SilentProgress
from tradewind.training import ranks
from tradewind.training.job import Job, moved_state, packed, take_in, unpacked
from tradewind.training.plan import Plan


def require_whole(plan: Plan) -> None:
    """Raises ConfigError for a plan that averages weights: an average is kept of whole ones."""
    if plan.ema or plan.checkpoints > 1:
        raise ConfigError(
            "fsdp keeps no average of the weights",
            where="learn.resources.sharding",
            hint="leave out ema and checkpoints",
        )


def whole_copy(job: Job) -> Job | None:
    """Returns a copy of `job` in the first process, to be made before the weights are parted; None in the others."""
    # A part of a batch would ask the others for weights at a time when they do not listen.
    job.objective.divisible = False  # type: ignore[assignment]
    return unpacked(packed(job, SilentProgress(), mapped=True)) if ranks.rank() == 0 else None


def validate_whole(trainer: Any, job: Job, copy: Job | None) -> None:
    """Lets `trainer` validate on the copy: every process gives its part, the first one puts them together."""

    def evaluate(*args: Any, **kwargs: Any) -> dict[str, float]:
        state = moved_state(job.objective)
        if copy:
            take_in(copy.objective, state)
            copy.objective.eval()
        metrics = {f"eval_{job.watched}": ranks.from_first(copy.validate if copy else job.validate)}
        trainer.log(metrics)
        trainer.control = trainer.callback_handler.on_evaluate(trainer.args, trainer.state, trainer.control, metrics)
        return metrics

    trainer.evaluate = evaluate
