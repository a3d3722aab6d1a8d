from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tradewind.data.records import Event, EventType
from tradewind.errors import ArtefactError, DataError
from tradewind.tasks.purchase.next_days import KEYS_FILE, category_key, read_next_days
from tradewind.telemetry import SilentProgress
from tradewind.training.purchase.shop import category_lines, train

START = datetime(2026, 1, 1, tzinfo=UTC)


def stretched(snapshot):
    """Returns the little shop's log over half a year in place of two weeks."""
    events = snapshot.events()
    times = [START + (time - START) * 14 for time in events["time"].to_pylist()]
    place = events.schema.get_field_index("time")
    return replace(snapshot, log=events.set_column(place, events.schema.field("time"), [times]))


def test_a_shop_s_log_becomes_a_model_that_answers_from_a_person_s_events_alone(make_shop, snapshot, tmp_path) -> None:
    result = train(make_shop(effort="quick"), stretched(snapshot), tmp_path / "out", SilentProgress())
    assert result.report.exists() and "logistic regression" in result.as_text()
    assert result.claims[0].claim.startswith("purchase: AUC")
    served = read_next_days(result.folder)
    assert set(served.keys) == {f"dairy > {k}" for k in ("milk", "cheese", "yogurt", "butter")} | {
        f"bakery > {k}" for k in ("bread", "rolls", "bagel", "cake")
    }
    categories = dict(zip(*(snapshot.items()[name].to_pylist() for name in ("id", "category")), strict=True))
    at = START + timedelta(days=170)
    often = [
        Event(f"e{n}", EventType.PURCHASE, at - timedelta(days=3 * n + 1), user="u", item="milk-1 oz", basket=f"b{n}")
        for n in range(12)
    ]
    chances = served.chances(often, categories, at)
    assert list(chances.values()) == sorted(chances.values(), reverse=True)
    assert all(0 <= chance <= 1 for chance in chances.values())
    later = [*often, replace(often[0], event_id="later", time=at + timedelta(days=1), item="cake-1 oz", basket="z")]
    assert served.chances(later, categories, at) == chances
    assert set(served.chances([], categories, at)) == set(served.keys)


def test_a_short_log_and_a_single_category_are_told(make_shop, snapshot, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="shorter"):
        train(make_shop(), snapshot, tmp_path, SilentProgress())
    items = snapshot.items().drop_columns("category")
    items = items.append_column("category", pa.array(["all"] * items.num_rows))
    with pytest.raises(DataError, match="fewer than two categories"):
        category_lines(items, snapshot.events())


def test_categories_are_filed_at_two_levels() -> None:
    assert category_key("Food > Tea > Green") == "Food > Tea" and category_key("Food") == "Food"
    assert category_key(None) is None and category_key("") is None


def test_a_folder_without_categories_is_no_model(make_shop, snapshot, tmp_path: Path) -> None:
    folder = train(make_shop(), stretched(snapshot), tmp_path / "out", SilentProgress()).folder
    told = (folder / KEYS_FILE).read_text(encoding="utf-8")
    (folder / KEYS_FILE).write_text(told.replace('"dairy > milk", ', ""), encoding="utf-8")
    with pytest.raises(ArtefactError, match="differ in number"):
        read_next_days(folder)
    (folder / KEYS_FILE).unlink()
    with pytest.raises(ArtefactError, match="categories"):
        read_next_days(folder)
