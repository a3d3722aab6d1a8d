"""Drafts of product texts on a tiny shop: who decides, what is let out, and where it goes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tradewind.cli.commands.describe import interview
from tradewind.errors import ConfigError, DataError
from tradewind.flows.describing import Desk, generator_of, open_desk, publish_approved
from tradewind.flows.review_sheet import take_review_sheet, write_review_sheet
from tradewind.settings import Shop
from tradewind.tasks.describe.template import TemplateGenerator
from tradewind.telemetry import SilentProgress
from tradewind.testing.engine import open_tiny, tiny_shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return tiny_shop(tmp_path)


@pytest.fixture
def desk(shop: Shop) -> Iterator[Desk]:
    with open_desk(shop) as opened:
        opened.draft(TemplateGenerator(), 4, SilentProgress())
        yield opened


def with_generator(shop: Shop, **describe: object) -> Shop:
    settings = shop.settings.learn.describe.model_copy(update=describe)
    learn = shop.settings.learn.model_copy(update={"describe": settings})
    return Shop(shop.settings.model_copy(update={"learn": learn}), shop.root)


def test_each_item_and_language_is_drafted_once(desk: Desk) -> None:
    assert len(desk.waiting()) == 4
    desk.draft(TemplateGenerator(), 100, SilentProgress())
    asked = [(one.draft.item, one.draft.language) for one in desk.waiting()]
    assert len(asked) == len(set(asked)) == 30


def test_the_interview_approves_edits_and_rejects_at_once(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third, fourth = desk.waiting()
    edited = "A bamboo thing, the best."
    said = iter(["y", "e", edited, "y", "n", "dull", "q"])
    assert interview(desk, "Wei", lambda _: next(said)) == 2
    shown = capsys.readouterr().out
    assert desk.queue.get(first.number).status == "approved"
    assert "unsupported" in shown
    assert "harmful" in shown
    assert desk.queue.get(second.number).status == "rejected", "findings kept the edited text in, then n was said"
    assert desk.queue.get(second.number).reason == "dull"
    assert {desk.queue.get(one.number).status for one in (third, fourth)} == {"pending"}


def test_a_sheet_is_taken_whole_or_not_at_all(desk: Desk, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    assert write_review_sheet(desk, sheet) == 4
    rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines()))
    for row, decision in zip(rows, ("approve", "reject", "perhaps", ""), strict=True):
        row["decision"] = decision
    _write(sheet, rows)
    with pytest.raises(DataError, match="line 4, decision: 'perhaps'"):
        take_review_sheet(desk, sheet, "Wei")
    assert len(desk.waiting()) == 4
    rows[2] |= {"decision": "approve", "edited": "The best in the world."}
    _write(sheet, rows)
    with pytest.raises(DataError, match="the text has findings"):
        take_review_sheet(desk, sheet, "Wei")
    rows[2] |= {"decision": "approve despite findings"}
    _write(sheet, rows)
    done = take_review_sheet(desk, sheet, "Wei")
    assert (done.approved, done.rejected, done.left) == (2, 1, 1)
    assert desk.queue.get(int(rows[2]["number"])).draft.text == "The best in the world."
    with pytest.raises(DataError, match=r"no draft .* waits"):
        take_review_sheet(desk, sheet, "Wei")


def test_only_what_was_approved_becomes_the_items_description(
    shop: Shop, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, store = open_tiny(shop)
    monkeypatch.setattr("tradewind.engine.composition.open_engine", lambda _shop, watch: engine)
    monkeypatch.setattr(engine, "close", lambda: None)
    first = desk.waiting()[0]
    assert publish_approved(shop) == 0
    desk.queue.approve(first.number, "Wei")
    assert publish_approved(shop) == 1
    assert publish_approved(shop) == 0
    held = {row["id"]: orjson.loads(row["attributes"]) for row in store.items_table().to_pylist()}
    name = f"description_{first.draft.language}"
    assert held[first.draft.item][name] == first.draft.text
    assert sum(name in attributes for attributes in held.values()) == 1
    assert first.draft.text in engine.item(first.draft.item).body.decode()
    with open_desk(shop) as again:
        assert name not in again.items[first.draft.item].attributes
        again.draft(TemplateGenerator(), 100, SilentProgress())
        asked = {(one.draft.item, one.draft.language) for one in again.waiting()}
        assert (first.draft.item, first.draft.language) not in asked


def test_generators_are_named_in_one_setting(shop: Shop, tmp_path: Path) -> None:
    assert generator_of(shop).name == "template"
    endpoint = with_generator(shop, generator="endpoint:https://models.example/v1", model="small")
    assert generator_of(endpoint).name == "small at models.example"
    with pytest.raises(ConfigError, match="by name"):
        generator_of(with_generator(shop, generator="endpoint:https://models.example/v1"))
    from tradewind.testing.pretrained import tiny_causal

    tiny_causal(shop.root / "writer")
    assert generator_of(with_generator(shop, generator="dir:writer")).name == "dir:writer"


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
