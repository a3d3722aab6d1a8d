"""From tables to a generation that serves: `tradewind up`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tradewind.errors import ConfigError
from tradewind.flows.ledger import Ledger, sole_builder
from tradewind.flows.step import Context, Reporter, Step, run_steps
from tradewind.flows.steps import (
    classify,
    compress,
    encode,
    generation,
    index,
    ingest,
    match,
    next_item,
    query_encoder,
    weights,
)
from tradewind.settings import Shop

STEPS: Final[Sequence[Step]] = (
    ingest.STEP,
    weights.STEP,
    match.STEP,
    compress.STEP,
    encode.STEP,
    query_encoder.STEP,
    next_item.STEP,
    classify.STEP,
    index.STEP,
    generation.STEP,
)


def build_shop(
    shop: Shop, reporter: Reporter, *, again: str | None = None, until: str | None = None, steps: Sequence[Step] = STEPS
) -> Context:
    """Runs the steps that are not finished, up to and including `until`; returns what each left.

    `again` names a step to run even if nothing changed; `steps` are those of a shop, of which one may do its work in
    another way.
    Raises ConfigError for a step that is not there or when another process builds the same shop.
    """
    names = [step.name for step in steps]
    for wanted in (again, until):
        if wanted is not None and wanted not in names:
            raise ConfigError(f"there is no step {wanted!r}", hint=f"the steps are {', '.join(names)}")
    steps = steps[: names.index(until) + 1] if until else steps
    context = Context(shop)
    with sole_builder(shop.work):
        run_steps(steps, context, Ledger(shop.work / "ledger.json"), reporter, again)
    return context
