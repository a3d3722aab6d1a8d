"""The list of checks of `tradewind doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "warn", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `remedy` is empty when there is nothing to do."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def examine(port: int, folder: Path) -> Iterator[Finding]:
    """Yields findings about the machine, the installed parts, the weights, the port and the disk under `folder`."""
    from tradewind.flows.doctor import machine, parts

    yield from machine.findings(port, folder)
    yield from parts.findings()
