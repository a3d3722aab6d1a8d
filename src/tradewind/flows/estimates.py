"""What a step may be expected to take before this machine has its own figure for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from tradewind.flows.step import Context, Step

Measure = Literal["items", "events"]

GROCER: Final[Mapping[Measure, int]] = {"items": 92_331, "events": 1_469_307}
"""The size of the shop on which the seconds of the steps were taken: a supermarket's year."""


def estimate(step: Step, context: Context) -> float:
    """Returns the seconds that `step` may take on this shop.

    A step that grows with the shop takes `least` seconds and a share of the rest that is this shop's rows to the
    grocer's; before the tables were read, their size is not known and the grocer's figure stands. One that the shop
    does not want takes none.
    """
    if not step.wanted(context.shop):
        return 0.0
    rows = _rows(context, step.grows_with) if step.grows_with else None
    if rows is None or step.grows_with is None:
        return step.seconds
    return step.least + max(0.0, step.seconds - step.least) * rows / GROCER[step.grows_with]


def _rows(context: Context, measure: Measure) -> int | None:
    report = context.outputs.get("ingest", {}).get("report")
    if report is None:
        return None
    tables = (table for table in report["tables"] if table["table"].startswith(measure))
    return sum(int(table["stored"]) + int(table["duplicates"]) for table in tables)
