"""A step of the way through the house, and how a list of them runs, resumes and reports."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, TypedDict

from tradewind import __version__
from tradewind.errors import StoreError, TradewindError
from tradewind.flows.estimates import Measure, estimate
from tradewind.flows.ledger import Entry, Ledger, fingerprint
from tradewind.settings import Shop
from tradewind.telemetry import Progress, logger

Outputs = dict[str, Any]
BEGUN: Final = "begun"
"""In the place of the fingerprint of a step that runs again: from then on what it had made may be half replaced."""
_OF_THE_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO})
_WORDS_OF_THE_DISK: Final = (
    *(os.strerror(number) for number in sorted(_OF_THE_DISK)),
    "inline_container",
    "PytorchStreamWriter",
)


@dataclass(slots=True)
class Context:
    """What a step may look at: the shop, and what the steps before it left (JSON values by step name)."""

    shop: Shop
    outputs: dict[str, Outputs] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One resumable piece of work.

    `inputs` names all that the result depends on; when it has not changed, and `present` says that what came out
    is still there, the step is not run again. Inputs are settings and data, never code: `revision` is raised by hand
    when the step would make something else of the same inputs. `seconds` is what it takes on the grocer, of which
    `least` on any shop and the rest as what it `grows_with`: the estimate before this machine has its own. A shop for
    which it is not `wanted` waits for nothing.
    """

    name: str
    title: str
    seconds: float
    inputs: Callable[[Context], dict[str, Any]]
    run: Callable[[Context, Progress], Outputs]
    present: Callable[[Context, Outputs], bool]
    revision: int = 1
    grows_with: Measure | None = None
    least: float = 0.0
    wanted: Callable[[Shop], bool] = lambda shop: True


class Reporter(Protocol):
    """Where the list of steps shows how it goes."""

    def begin(self, step: Step, number: int, of: int, estimate: float, why: str | None) -> Progress:
        """Says that a step starts, and `why` when it was finished before; gives what the step reports to."""

    def finish(self, step: Step, seconds: float, outputs: Outputs) -> None:
        """Says that the step is done."""

    def skip(self, step: Step, number: int, of: int) -> None:
        """Says that the step was finished before."""


def run_steps(steps: Sequence[Step], context: Context, ledger: Ledger, reporter: Reporter, again: str | None) -> None:
    """Runs what is not finished, in order; each step is recorded before the next begins.

    `again` names a step that runs even when nothing changed; those after it follow only if their inputs changed.
    Raises StoreError when the disk does not take what a step makes; the steps before it stay finished.
    """
    for number, step in enumerate(steps, 1):
        made_from = _made_from(step, context)
        known = ledger.entry(step.name)
        why = _why(step, context, known, made_from, again)
        if known and why is None:
            context.outputs[step.name] = known.outputs
            reporter.skip(step, number, len(steps))
            continue
        if known:
            ledger.record(step.name, replace(known, fingerprint=BEGUN))
        progress = reporter.begin(step, number, len(steps), known.seconds if known else estimate(step, context), why)
        started = time.monotonic()
        with _told(step):
            outputs = step.run(context, progress)
            seconds = time.monotonic() - started
            ledger.record(step.name, Entry(outputs=outputs, seconds=seconds, **made_from))
        context.outputs[step.name] = outputs
        logger.info("step %s took %.1f s", step.name, seconds)
        reporter.finish(step, seconds, outputs)


class _MadeFrom(TypedDict):
    fingerprint: str
    revision: int
    inputs: dict[str, str]


def _made_from(step: Step, context: Context) -> _MadeFrom:
    """Taken before the step runs: a table that changes meanwhile makes it run again."""
    given = step.inputs(context)
    return {
        "fingerprint": fingerprint({"tradewind": __version__, "step": step.name, **given}),
        "revision": step.revision,
        "inputs": {name: fingerprint({name: value}) for name, value in given.items()},
    }


def _why(step: Step, context: Context, known: Entry | None, now: _MadeFrom, again: str | None) -> str | None:
    """Returns why a step that was finished runs again; None when it does not, or never ran."""
    if known is None:
        return None
    if step.name == again:
        return "asked for"
    if known.fingerprint == BEGUN:
        return "it was interrupted"
    if known.revision != step.revision:
        return "the step itself changed"
    if known.fingerprint != now["fingerprint"]:
        changed = [name for name, mark in now["inputs"].items() if known.inputs.get(name) != mark]
        return f"changed: {', '.join(changed)}" if known.inputs and changed else "what it is made from changed"
    return None if step.present(context, known.outputs) else "what it had made is gone or altered"


@contextmanager
def _told(step: Step) -> Iterator[None]:
    """Turns what the system, or a library that writes, says of a full or closed disk into an error with a remedy."""
    try:
        yield
    except TradewindError:
        raise
    except Exception as error:
        said = _said_of_the_disk(error)
        if said is None:
            raise
        raise StoreError(
            f"{step.title}: {said}",
            where=str(error.filename) if isinstance(error, OSError) and error.filename else None,
            hint="make room there and run it again: it goes on from the last finished step",
        ) from error


def _said_of_the_disk(error: Exception) -> str | None:
    """Returns what went wrong in writing, None for an error of another kind.

    Libraries that write by themselves raise errors of their own, which can be told only by their words.
    """
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return error.strerror
    said = str(error).strip().partition("\n")[0]
    return f"a file could not be written: {said}" if any(word in said for word in _WORDS_OF_THE_DISK) else None
