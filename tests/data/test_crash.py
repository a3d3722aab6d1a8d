"""Ingest killed at any moment, and a disk that fills: what was acknowledged is kept, and a second run completes it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tradewind.data.ingest import ingest
from tradewind.data.records import Event, EventType
from tradewind.data.snapshot import latest_snapshot
from tradewind.data.store import open_store
from tradewind.errors import StoreError
from tradewind.settings import Shop

ROWS = 6_000
CHILD = """
import sys
from tradewind.settings import load_shop
import tradewind.data.sources.csv as csv_source
csv_source.BATCH_ROWS = 500
from tradewind.data.ingest import ingest
print("ready", flush=True)
ingest(load_shop(sys.argv[1]))
"""
WRITER = """
import sys
from datetime import UTC, datetime
from tradewind.settings import load_shop
from tradewind.data.records import Event, EventType
from tradewind.data.store import open_store
store = open_store(load_shop(sys.argv[1]))
user = store.pseudonym("ann", create=True)
for number in range(100_000):
    event = Event(f"e{number}", EventType.VIEW, datetime(2026, 1, 2, tzinfo=UTC), user, item="1")
    (outcome,) = store.append_events([event])
    print(outcome.event_id, flush=True)
"""


def big_shop(make_shop: Any) -> Shop:
    lines = [f"purchase,2026-01-{1 + row % 28:02d}T10:00:00,user{row % 97},{1 + row % 3},,1,1\n" for row in range(ROWS)]
    shop: Shop = make_shop(events="kind,when,who,what,words,paid,count\n" + "".join(lines))
    return shop


def run_child(shop: Shop, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(shop.root)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def test_an_ingest_killed_at_any_moment_ends_with_the_same_store_when_run_again(make_shop: Any) -> None:
    shop = big_shop(make_shop)
    draw = random.Random(3)
    kept = 0
    for _ in range(5):
        child = run_child(shop, CHILD)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(draw.uniform(0.02, 0.6))
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=30)
        with closing(open_store(shop)) as store:
            rows = store.events_table().num_rows
        assert rows >= kept, "what was committed before the kill is still there"
        kept = rows
    report = ingest(shop)
    assert report.tables[1].stored == ROWS - kept
    events = latest_snapshot(shop).events()
    assert events.num_rows == len(set(events["event_id"].to_pylist())) == ROWS
    assert not list(shop.snapshots.glob(".half-*"))
    assert ingest(shop).snapshot == report.snapshot


def test_every_event_acknowledged_before_a_kill_is_there_after_it(make_shop: Any) -> None:
    shop = make_shop()
    ingest(shop)
    acknowledged: list[str] = []
    child = run_child(shop, WRITER)
    assert child.stdout is not None
    for line in child.stdout:
        acknowledged.append(line.strip())
        if len(acknowledged) == 60:
            child.send_signal(signal.SIGKILL)
    child.wait(timeout=30)
    with closing(open_store(shop)) as store:
        held = set(store.events_table()["event_id"].to_pylist())
    assert len(acknowledged) >= 60
    assert set(acknowledged) <= held


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 3 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.root
def test_a_disk_that_fills_is_told_and_what_was_acknowledged_stays(
    make_shop: Any, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.data.sources.csv.BATCH_ROWS", 500)
    shop = big_shop(make_shop)
    full = Shop(shop.settings.model_copy(update={"store": f"sqlite:///{small_disk / 'store.db'}"}), shop.root)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(1_500_000))
    with pytest.raises(StoreError, match=r"free some space") as told:
        ingest(full)
    filler.unlink()
    with closing(open_store(full)) as store:
        kept = store.events_table().num_rows
    assert 0 < kept < ROWS
    assert f"{kept:,} new rows of events are kept" in str(told.value)
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    assert ingest(full).tables[1].stored == ROWS - kept
    assert latest_snapshot(full).events().num_rows == ROWS


@pytest.mark.root
def test_online_events_on_a_full_disk_are_not_acknowledged_and_the_earlier_ones_stay(
    make_shop: Any, small_disk: Path
) -> None:
    shop = make_shop(store=f"sqlite:///{small_disk / 'store.db'}")
    ingest(shop)
    with closing(open_store(shop)) as store:
        user = store.pseudonym("ann", create=True)
        acknowledged = store.events_table().num_rows
        with pytest.raises(StoreError, match="free some space"):
            for number in range(200):
                acknowledged += len(store.append_events(views(user, number)))
        assert store.events_table().num_rows == acknowledged


def views(user: str | None, number: int) -> list[Event]:
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    return [
        Event(f"e{number}-{place}", EventType.VIEW, moment, user, item="1", visitor="x" * 200) for place in range(100)
    ]
