"""Shows the steps of long work: bars with an estimate in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from tradewind.flows.step import Outputs, Step
from tradewind.telemetry import SilentProgress


def _about(seconds: float) -> str:
    return f"about {seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"


class TerminalProgress:
    """One step's bar; pieces of work inside the step replace each other on the same line."""

    def __init__(self, bars: Progress, task: TaskID) -> None:
        self._bars = bars
        self._task = task

    def start(self, label: str, total: int | None) -> None:
        self._bars.reset(self._task, total=total, description=label)

    def advance(self, units: int = 1) -> None:
        self._bars.advance(self._task, units)

    def note(self, text: str) -> None:
        self._bars.console.print(text, highlight=False, markup=False, soft_wrap=True)


class TerminalReporter:
    """A Reporter on a console; use it as a context manager so that the bars are closed on the way out."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr)
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[estimate]}", style="dim"),
            console=self._console,
            transient=True,
        )

    def __enter__(self) -> TerminalReporter:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bars.stop()

    def begin(self, step: Step, number: int, of: int, estimate: float, why: str | None) -> TerminalProgress:
        self._say(f"[{number}/{of}] {step.title} ({_about(estimate)})" + (f": {why}" if why else ""))
        return TerminalProgress(self._bars, self._bars.add_task(step.title, total=None, estimate=_about(estimate)))

    def alone(self, label: str) -> TerminalProgress:
        """Returns a bar that belongs to no step."""
        return TerminalProgress(self._bars, self._bars.add_task(label, total=None, estimate=""))

    def finish(self, step: Step, seconds: float, outputs: Outputs) -> None:
        for task in self._bars.task_ids:
            self._bars.remove_task(task)
        self._say(f"      done in {seconds:.1f} s")

    def skip(self, step: Step, number: int, of: int) -> None:
        self._say(f"[{number}/{of}] {step.title}: nothing new")

    def _say(self, text: str) -> None:
        self._bars.console.print(text, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def bar(label: str) -> Iterator[TerminalProgress]:
    """Shows one bar on standard error while a command works that is no list of steps."""
    with TerminalReporter() as reporter:
        yield reporter.alone(label)


class SilentReporter:
    """A Reporter for `--json` and for tests."""

    def begin(self, step: Step, number: int, of: int, estimate: float, why: str | None) -> SilentProgress:
        return SilentProgress()

    def finish(self, step: Step, seconds: float, outputs: Outputs) -> None: ...

    def skip(self, step: Step, number: int, of: int) -> None: ...
