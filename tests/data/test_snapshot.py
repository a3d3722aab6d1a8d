from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tradewind.data import snapshot as snapshots
from tradewind.data.ingest import ingest
from tradewind.data.records import EVENT_SCHEMA, ITEM_SCHEMA, Event, EventType, Item
from tradewind.data.snapshot import Snapshot, latest_snapshot, publish_tombstones, write_snapshot
from tradewind.data.store import Store, open_store
from tradewind.errors import NotFoundError, StoreError

START = datetime(2026, 1, 31, tzinfo=UTC)


def filled(path: Path, order: int = 1, count: int = 60) -> Store:
    store = Store(f"sqlite:///{path / 'store.db'}")
    store.change_items([(Item("1", "Milk"), b""), (Item("2", "Tea"), b"")][::order], [])
    events = [
        Event(
            f"e{number:03d}",
            list(EventType)[3 + number % 3],
            START + timedelta(hours=number // 2),
            visitor="v",
            item="1",
        )
        for number in range(count)
    ]
    store.append_events(events[::order])
    return store


def test_a_snapshot_holds_what_the_store_holds(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as store:
        snapshot = write_snapshot(store, tmp_path / "snapshots")
        assert snapshot.items().equals(store.items_table())
        assert snapshot.events().equals(store.events_table())
    assert snapshot.events().schema == EVENT_SCHEMA
    assert snapshot.items().schema == ITEM_SCHEMA
    assert snapshot.path.name == snapshot.hash
    assert snapshot.delta == 2
    assert (snapshot.facts["items"], snapshot.facts["events"]) == (2, 60)


def test_its_name_depends_on_the_content_and_not_on_the_order_of_arrival(tmp_path: Path) -> None:
    hashes = []
    for order in (1, -1):
        (tmp_path / str(order)).mkdir()
        with closing(filled(tmp_path / str(order), order)) as store:
            hashes.append(write_snapshot(store, tmp_path / "snapshots").hash)
            store.append_events([Event("new", EventType.VIEW, START, item="1")])
            hashes.append(write_snapshot(store, tmp_path / "snapshots").hash)
    assert hashes[0] == hashes[2] != hashes[1] == hashes[3]


def test_a_changed_price_makes_another_snapshot(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as store:
        first = write_snapshot(store, tmp_path / "snapshots")
        store.change_items([(replace(Item("1", "Milk"), price=2.0), b"")], [])
        second = write_snapshot(store, tmp_path / "snapshots")
    assert first.hash != second.hash
    assert Snapshot.open(first.path).items()["price"].to_pylist() == [None, None]


def test_a_shop_of_many_events_a_day_is_kept_by_day_and_a_small_one_by_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(filled(tmp_path)) as store:
        by_month = write_snapshot(store, tmp_path / "months")
        monkeypatch.setattr(snapshots, "ROWS_PER_DAY_FOR_DAYS", 5)
        by_day = write_snapshot(store, tmp_path / "days")
    assert sorted(path.name for path in (by_month.path / "events").iterdir()) == ["month=2026-01", "month=2026-02"]
    assert sorted(path.name for path in (by_day.path / "events").iterdir()) == ["day=2026-01-31", "day=2026-02-01"]
    assert by_day.events().equals(by_month.events())
    assert by_day.hash == by_month.hash


def test_only_the_columns_and_types_asked_for_are_read(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as store:
        snapshot = write_snapshot(store, tmp_path / "snapshots")
    clicks = snapshot.events(columns=["event_id", "time"], types=["click"])
    assert clicks.column_names == ["event_id", "time"]
    assert clicks.num_rows == 20


def test_files_are_parquet_compressed_with_zstd(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as store:
        snapshot = write_snapshot(store, tmp_path / "snapshots")
    for file in snapshot.path.rglob("*.parquet"):
        assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"


def test_an_erased_person_is_left_out_of_snapshots_written_before(make_shop: Any) -> None:
    shop = make_shop()
    ingest(shop)
    old = latest_snapshot(shop)
    assert old.events().num_rows == 3
    with closing(open_store(shop)) as store:
        store.add_tombstone(store.pseudonym("ann", create=False) or "")
        assert latest_snapshot(shop).events().num_rows == 1
        publish_tombstones(store, shop.snapshots)
    assert Snapshot.open(old.path).events(columns=["item"]).num_rows == 1, "the list beside the snapshots is honoured"
    assert Snapshot.open(old.path).events().schema == EVENT_SCHEMA


def test_an_anonymous_event_is_nobodys_and_stays(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as store:
        store.add_tombstone("0" * 32)
        assert write_snapshot(store, tmp_path / "snapshots").events().num_rows == 60


def test_an_empty_store_makes_an_empty_snapshot(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'store.db'}")) as store:
        snapshot = write_snapshot(store, tmp_path / "snapshots")
    assert snapshot.events().num_rows == 0
    assert snapshot.events().schema == EVENT_SCHEMA
    assert snapshot.items().num_rows == 0


def test_what_a_killed_process_left_is_cleared_and_never_read(tmp_path: Path) -> None:
    half = tmp_path / "snapshots" / ".half-999999999"
    half.mkdir(parents=True)
    (half / "items.parquet").write_bytes(b"half")
    with closing(filled(tmp_path)) as store:
        write_snapshot(store, tmp_path / "snapshots")
    assert not half.exists()


def test_no_snapshot_is_a_not_found_error_with_the_remedy(make_shop: Any, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="tradewind ingest"):
        latest_snapshot(make_shop())
    with pytest.raises(NotFoundError):
        Snapshot.open(tmp_path / "nothing")


def test_a_folder_that_cannot_be_written_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with closing(filled(tmp_path)) as store, pytest.raises(StoreError):
        write_snapshot(store, tmp_path / "file")


def test_a_table_of_many_batches_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.data.store.statements.FETCH_ROWS", 7)
    with closing(filled(tmp_path)) as store:
        snapshot = write_snapshot(store, tmp_path / "snapshots")
        assert snapshot.events().num_rows == 60
        assert isinstance(store.events_table(), pa.Table)
