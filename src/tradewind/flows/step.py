"""A step of the way through the house, and how a list of them runs, resumes and reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tradewind import __version__
from tradewind.flows.ledger import Entry, Ledger, fingerprint
from tradewind.settings import Shop
from tradewind.telemetry import Progress, logger

Outputs = dict[str, Any]


@dataclass(slots=True)
class Context:
    """What a step may look at: the shop, and what the steps before it left (JSON values by step name)."""

    shop: Shop
    outputs: dict[str, Outputs] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One resumable piece of work.

    `inputs` names all that the result depends on; when it has not changed, and `present` says that what came out
    is still there, the step is not run again. `seconds` is the estimate before this machine has its own.
    """

    name: str
    title: str
    seconds: float
    inputs: Callable[[Context], dict[str, Any]]
    run: Callable[[Context, Progress], Outputs]
    present: Callable[[Context, Outputs], bool]


class Reporter(Protocol):
    """Where the list of steps shows how it goes."""

    def begin(self, step: Step, number: int, of: int, estimate: float) -> Progress:
        """Says that a step starts and gives what it reports to."""

    def finish(self, step: Step, seconds: float, outputs: Outputs) -> None:
        """Says that the step is done."""

    def skip(self, step: Step, number: int, of: int) -> None:
        """Says that the step was finished before."""


def run_steps(steps: Sequence[Step], context: Context, ledger: Ledger, reporter: Reporter, again: str | None) -> None:
    """Runs what is not finished, in order; each step is recorded before the next begins.

    `again` names a step that runs even when nothing changed; those after it follow only if their inputs changed.
    """
    for number, step in enumerate(steps, 1):
        mark = fingerprint({"tradewind": __version__, "step": step.name, **step.inputs(context)})
        known = ledger.entry(step.name)
        if known and step.name != again and known.fingerprint == mark and step.present(context, known.outputs):
            context.outputs[step.name] = known.outputs
            reporter.skip(step, number, len(steps))
            continue
        progress = reporter.begin(step, number, len(steps), known.seconds if known else step.seconds)
        started = time.monotonic()
        outputs = step.run(context, progress)
        seconds = time.monotonic() - started
        ledger.record(step.name, Entry(mark, outputs, seconds))
        context.outputs[step.name] = outputs
        logger.info("step %s took %.1f s", step.name, seconds)
        reporter.finish(step, seconds, outputs)
