"""Before a machine has its own figures, what a step may take follows the size of the shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.flows.estimates import GROCER, estimate
from tradewind.flows.step import Context
from tradewind.flows.up import STEPS
from tradewind.settings import Shop, parse_shop

SHOP_YAML = b"shop: s\nitems: {source: {path: a.csv}, id: id, title: title}\nencoder: {queries: {blocks: 8}}\n"


def of_size(items: int, events: int) -> Context:
    """Returns what is known after the tables were read; the events come from two of them."""
    half = {"stored": events // 2, "duplicates": 0}
    tables = [
        {"table": "items", "stored": items // 2, "duplicates": items - items // 2},
        {"table": "events-1", **half},
        {"table": "events-2", **half, "duplicates": events - 2 * (events // 2)},
    ]
    shop = Shop(parse_shop(SHOP_YAML, where="shop.yaml"), Path())
    return Context(shop, {"ingest": {"report": {"tables": tables}}})


def test_the_grocer_takes_what_was_measured_on_the_grocer() -> None:
    context = of_size(GROCER["items"], GROCER["events"])
    assert [estimate(step, context) for step in STEPS] == pytest.approx([step.seconds for step in STEPS])


def test_a_small_shop_is_promised_a_fraction_of_it() -> None:
    small, grocer = (sum(estimate(step, of_size(*size)) for step in STEPS) for size in ((253, 19_120), GROCER.values()))
    assert small < grocer / 2


def test_a_larger_shop_is_promised_more() -> None:
    size = {name: 10 * rows for name, rows in GROCER.items()}
    for step in STEPS:
        grows = estimate(step, of_size(size["items"], size["events"])) > step.seconds
        assert grows == (step.grows_with is not None)


def test_a_step_that_the_shop_does_not_want_takes_nothing() -> None:
    without = SHOP_YAML.replace(b"encoder: {queries: {blocks: 8}}", b"learn: {next_item: {enabled: false}}")
    shop = Shop(parse_shop(without, where="shop.yaml"), Path())
    context = Context(shop, of_size(*GROCER.values()).outputs)
    taken = {step.name: estimate(step, context) for step in STEPS}
    assert {name for name, seconds in taken.items() if seconds == 0.0} == {"query_encoder", "next_item"}


def test_before_the_tables_were_read_the_grocers_figure_stands() -> None:
    context = of_size(0, 0)
    context.outputs.clear()
    assert [estimate(step, context) for step in STEPS] == [step.seconds for step in STEPS]
