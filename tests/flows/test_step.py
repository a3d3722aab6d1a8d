"""The list of steps: resumed, never done twice, never half remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tradewind.cli.reporter import SilentReporter
from tradewind.errors import ConfigError
from tradewind.flows.ledger import Entry, Ledger, fingerprint, sole_builder
from tradewind.flows.step import Context, Outputs, Step, run_steps
from tradewind.settings import Shop, parse_shop
from tradewind.telemetry import Progress

SHOP_YAML = b"shop: s\nitems: {source: {path: a.csv}, id: id, title: title}\n"


class Kitchen:
    """Two steps that count how often they ran; `salt` is what the first depends on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.salt = 1
        self.ran: list[str] = []
        self.break_at: str | None = None
        self.present = True

    def steps(self) -> list[Step]:
        return [self._step("first", lambda _: {"salt": self.salt}), self._step("second", self._of_first)]

    def _of_first(self, context: Context) -> dict[str, Any]:
        return {"first": context.outputs["first"]["made"]}

    def _step(self, name: str, inputs: Any) -> Step:
        def run(context: Context, progress: Progress) -> Outputs:
            self.ran.append(name)
            if self.break_at == name:
                raise KeyboardInterrupt
            return {"made": f"{name}-{self.salt}"}

        return Step(name, name, 1.0, inputs, run, lambda context, outputs: self.present)

    def cook(self, again: str | None = None) -> Context:
        shop = Shop(parse_shop(SHOP_YAML, where="shop.yaml"), self.folder)
        context = Context(shop)
        run_steps(self.steps(), context, Ledger(self.folder / "ledger.json"), SilentReporter(), again)
        return context


@pytest.fixture
def kitchen(tmp_path: Path) -> Kitchen:
    return Kitchen(tmp_path)


def test_a_second_run_does_no_work_and_leaves_the_same_outputs(kitchen: Kitchen) -> None:
    before = kitchen.cook().outputs
    kitchen.ran.clear()
    assert kitchen.cook().outputs == before
    assert kitchen.ran == []


def test_a_run_killed_in_a_step_goes_on_from_the_last_finished_one(kitchen: Kitchen) -> None:
    kitchen.break_at = "second"
    with pytest.raises(KeyboardInterrupt):
        kitchen.cook()
    kitchen.break_at = None
    kitchen.ran.clear()
    kitchen.cook()
    assert kitchen.ran == ["second"]


def test_a_changed_input_runs_its_step_and_those_that_depend_on_it(kitchen: Kitchen) -> None:
    kitchen.cook()
    kitchen.ran.clear()
    kitchen.salt = 2
    assert kitchen.cook().outputs["second"] == {"made": "second-2"}
    assert kitchen.ran == ["first", "second"]


def test_again_runs_one_step_and_spares_the_next_when_nothing_came_out_differently(kitchen: Kitchen) -> None:
    kitchen.cook()
    kitchen.ran.clear()
    kitchen.cook(again="first")
    assert kitchen.ran == ["first"]


def test_a_step_whose_product_was_deleted_runs_again(kitchen: Kitchen) -> None:
    kitchen.cook()
    kitchen.ran.clear()
    kitchen.present = False
    kitchen.cook()
    assert kitchen.ran == ["first", "second"]


def test_a_ledger_that_was_being_written_when_the_machine_died_is_still_the_old_one(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.json")
    ledger.record("first", Entry("a", {}, 1.0))
    (tmp_path / "ledger.tmp").write_text('{"first": {"fing')
    assert Ledger(tmp_path / "ledger.json").entry("first") == Entry("a", {}, 1.0)


def test_a_fingerprint_does_not_depend_on_the_order_of_its_inputs() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


def test_two_builders_of_one_shop_are_refused(tmp_path: Path) -> None:
    with sole_builder(tmp_path), pytest.raises(ConfigError, match="another process"), sole_builder(tmp_path):
        pass
    with sole_builder(tmp_path):
        pass
