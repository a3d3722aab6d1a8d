"""A disk that takes no more: what was acknowledged stays, what to do is said, and run again it goes on to the end."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tradewind.data.store import open_store
from tradewind.settings import load_shop


def rows(shop: Path) -> tuple[int, int]:
    with closing(open_store(load_shop(shop))) as store:
        return store.items_table().num_rows, store.events_table().num_rows


def test_ingest_on_a_full_disk_keeps_the_batches_before_and_goes_on_when_there_is_room(
    copy_shop: Path, cli: Any
) -> None:
    done = cli.run("ingest", copy_shop, code=2, largest_file=800_000)
    assert "store.db: the disk did not take the record" in done.stderr
    assert "0 new rows of events are kept, and run again the ingest goes on from there; free some space" in done.stderr
    assert rows(copy_shop) == (253, 0), "the catalogue was in before the disk was full"
    again = cli.run("ingest", copy_shop)
    assert "253 read = 0 stored + 253 there already" in again.stderr
    assert rows(copy_shop) == (253, 19_120)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["weights", "match"])
def test_a_step_whose_files_do_not_fit_says_so_and_the_steps_before_it_stay(
    quick_shop: Path, cli: Any, step: str
) -> None:
    before = {"weights": "ingest", "match": "weights"}[step]
    cli.run("up", quick_shop, "--until", before)
    ledger = quick_shop / ".tradewind/ledger.json"
    finished = ledger.read_text(encoding="utf-8")
    done = cli.run("up", quick_shop, "--until", step, code=2, largest_file=200_000)
    assert re.search(r"error: .*(File too large|could not be written)", done.stderr), done.stderr
    assert ledger.read_text(encoding="utf-8") == finished
