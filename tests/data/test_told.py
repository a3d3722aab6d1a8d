"""What users told: their own ids become pseudonyms at once, and lie nowhere else."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tradewind.data.records import Event, EventType
from tradewind.data.store import open_store
from tradewind.data.told import read_told
from tradewind.errors import DataError
from tradewind.settings import Shop, load_shop

YAML = """
shop: tiny
items: {{source: {{path: items.csv}}, id: id, title: title}}
learn:
  predicted:
    income: {{source: {{path: people.csv}}, user: customer, target: income{bands}}}
"""
BANDS = ", bands: {under 35K: [0-15K, 15-34K], over: [35K+]}"
ROWS = ["anna,0-15K", "ben,35K+", "cleo,15-34K", "dan,35K+", "ed,0-15K", "anna,15-34K"]


def make(root: Path, rows: list[str], bands: str = BANDS) -> Shop:
    (root / "shop.yaml").write_text(YAML.format(bands=bands))
    (root / "people.csv").write_text("\n".join(["customer,income", *rows]) + "\n")
    shop = load_shop(root)
    with closing(open_store(shop)) as store:
        for user in ("anna", "ben", "cleo", "dan"):
            name = store.pseudonym(user, create=True) or ""
            moment = datetime(2026, 1, 1, tzinfo=UTC)
            store.append_events([Event(f"e-{len(user)}{user[0]}", EventType.SEARCH, moment, user=name, query="tea")])
    return shop


def bands_by_user(shop: Shop) -> dict[str, str]:
    found = read_told(shop, "income", shop.settings.learn.predicted["income"]).bands
    with closing(open_store(shop)) as store:
        named = {store.pseudonym(user, create=False): user for user in ("anna", "ben", "cleo", "dan", "ed")}
    assert all(len(name) == 32 for name in found)
    return {named[name]: band for name, band in found.items()}


def test_a_user_becomes_a_pseudonym_and_a_value_its_band(tmp_path: Path) -> None:
    shop = make(tmp_path, ROWS)
    assert bands_by_user(shop) == {"anna": "under 35K", "ben": "over", "cleo": "under 35K", "dan": "over"}
    told = read_told(shop, "income", shop.settings.learn.predicted["income"])
    assert told.report.read == 6 == told.report.stored + told.report.duplicates + told.report.quarantined
    assert told.report.notes["users_without_events"] == 1
    with closing(open_store(shop)) as store:
        assert store.pseudonym("ed", create=False) is None, "a table of answers makes nobody known"


def test_who_told_two_things_is_left_out(tmp_path: Path) -> None:
    shop = make(tmp_path, [*ROWS, "anna,35K+"])
    assert "anna" not in bands_by_user(shop)
    told = read_told(shop, "income", shop.settings.learn.predicted["income"])
    assert told.report.notes["users_who_told_two_things"] == 1


def test_nothing_is_learned_of_who_switched_off_or_was_erased(tmp_path: Path) -> None:
    shop = make(tmp_path, ROWS)
    with closing(open_store(shop)) as store:
        store.set_consent(store.pseudonym("ben", create=False) or "", personalise=False)
        store.add_tombstone(store.pseudonym("dan", create=False) or "")
    assert sorted(bands_by_user(shop)) == ["anna", "cleo"]


def test_a_bad_row_is_listed_by_its_line_and_without_its_user(tmp_path: Path) -> None:
    shop = make(tmp_path, [*ROWS, "frida-4711,", ",35K+", "gustav-4712,much", "hans-4713,35K+,surplus"])
    told = read_told(shop, "income", shop.settings.learn.predicted["income"])
    path = Path(told.report.quarantine or "")
    listed = [json.loads(line) for line in path.read_text().splitlines()]
    assert {(row["line"], row["reason"]) for row in listed if row["field"]} == {
        (8, "empty_target"), (9, "empty_user"), (10, "in_no_band"),
    }  # fmt: skip
    assert len(listed) == 4 == told.report.quarantined
    for file in shop.work.rglob("*"):
        if file.is_file():
            assert not [name for name in (b"frida-4711", b"gustav-4712", b"hans-4713") if name in file.read_bytes()]


def test_without_bands_the_values_are_the_bands(tmp_path: Path) -> None:
    assert bands_by_user(make(tmp_path, ROWS[:5], bands=""))["cleo"] == "15-34K"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    shop = make(tmp_path, ["zoe,35K+"])
    with pytest.raises(DataError, match="nobody in this table"):
        read_told(shop, "income", shop.settings.learn.predicted["income"])
    (tmp_path / "people.csv").write_text("who,income\nanna,35K+\n")
    with pytest.raises(DataError, match="customer"):
        read_told(shop, "income", shop.settings.learn.predicted["income"])
