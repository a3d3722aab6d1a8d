"""The list of steps: resumed, never done twice, never half remembered."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import pytest

from tradewind.errors import ConfigError, StoreError
from tradewind.flows.ledger import Entry, Ledger, fingerprint, sole_builder
from tradewind.flows.step import Context, Outputs, Step, run_steps
from tradewind.settings import Shop, parse_shop
from tradewind.telemetry import Progress, SilentProgress

OLD = ("fingerprint", "outputs", "seconds")
SHOP_YAML = b"shop: s\nitems: {source: {path: a.csv}, id: id, title: title}\n"


class Kitchen:
    """Two steps that count how often they ran; `salt` is what the first depends on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.salt = 1
        self.ran: list[str] = []
        self.break_at: str | None = None
        self.breaks_with: BaseException = KeyboardInterrupt()
        self.present = True
        self.revision = 1
        self.said: list[str | None] = []

    def steps(self) -> list[Step]:
        return [self._step("first", lambda _: {"salt": self.salt}), self._step("second", self._of_first)]

    def _of_first(self, context: Context) -> dict[str, Any]:
        return {"first": context.outputs["first"]["made"]}

    def _step(self, name: str, inputs: Any) -> Step:
        def run(context: Context, progress: Progress) -> Outputs:
            self.ran.append(name)
            if self.break_at == name:
                raise self.breaks_with
            return {"made": f"{name}-{self.salt}"}

        return Step(name, name, 1.0, inputs, run, lambda context, outputs: self.present, self.revision)

    def begin(self, step: Step, number: int, of: int, estimate: float, why: str | None) -> SilentProgress:
        self.said.append(why)
        return SilentProgress()

    def finish(self, step: Step, seconds: float, outputs: Outputs) -> None: ...

    def skip(self, step: Step, number: int, of: int) -> None: ...

    def cook(self, again: str | None = None) -> Context:
        shop = Shop(parse_shop(SHOP_YAML, where="shop.yaml"), self.folder)
        context = Context(shop)
        run_steps(self.steps(), context, Ledger(self.folder / "ledger.json"), self, again)
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


def test_what_an_interrupted_run_may_have_half_replaced_is_made_again_though_all_is_as_it_was(kitchen: Kitchen) -> None:
    kitchen.cook()
    kitchen.salt, kitchen.break_at = 2, "first"
    with pytest.raises(KeyboardInterrupt):
        kitchen.cook()
    kitchen.salt, kitchen.break_at = 1, None
    kitchen.said.clear()
    assert kitchen.cook().outputs["first"] == {"made": "first-1"}
    assert kitchen.said == ["it was interrupted"]


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


def test_a_step_of_another_revision_runs_again_and_says_that_it_changed(kitchen: Kitchen) -> None:
    kitchen.cook()
    assert kitchen.said == [None, None]
    kitchen.said.clear()
    kitchen.revision = 2
    kitchen.cook()
    assert kitchen.said == ["the step itself changed"] * 2
    kitchen.ran.clear()
    kitchen.cook()
    assert kitchen.ran == []


def test_a_ledger_from_before_revisions_were_kept_still_counts(kitchen: Kitchen) -> None:
    kitchen.cook()
    path = kitchen.folder / "ledger.json"
    entries = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({name: {key: entry[key] for key in OLD} for name, entry in entries.items()}))
    kitchen.ran.clear()
    kitchen.cook()
    assert kitchen.ran == []


def test_it_is_said_which_input_changed_what_was_asked_for_and_what_is_gone(kitchen: Kitchen) -> None:
    kitchen.cook()
    kitchen.said.clear()
    kitchen.salt = 2
    kitchen.cook()
    kitchen.cook(again="second")
    kitchen.present = False
    kitchen.cook()
    gone = "what it had made is gone or altered"
    assert kitchen.said == ["changed: salt", "changed: first", "asked for", gone, gone]


def test_a_disk_that_fills_in_a_step_is_said_and_the_steps_before_stay_finished(kitchen: Kitchen) -> None:
    kitchen.break_at = "second"
    kitchen.breaks_with = OSError(errno.ENOSPC, "No space left on device", "/disk/model")
    with pytest.raises(StoreError, match=r"/disk/model: second: No space left on device .*goes on from"):
        kitchen.cook()
    kitchen.breaks_with = RuntimeError(
        "[enforce fail at inline_container.cc:672] . unexpected pos 8 vs 4\nlines of C++"
    )
    with pytest.raises(StoreError, match=r"second: a file could not be written: .*vs 4 \(make room"):
        kitchen.cook()
    kitchen.breaks_with = RuntimeError("a fault of ours")
    with pytest.raises(RuntimeError, match="of ours"):
        kitchen.cook()
    kitchen.break_at = None
    kitchen.ran.clear()
    kitchen.cook()
    assert kitchen.ran == ["second"]


def test_a_ledger_that_is_no_json_says_what_to_do(kitchen: Kitchen) -> None:
    (kitchen.folder / "ledger.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match=r"ledger.json.*take the file away"):
        kitchen.cook()


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
