"""What the gate is shown and what the integers are scaled by are different texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from tradewind.flows.parity import CALIBRATED, HELD_OUT, parity_texts


def catalogue(size: int) -> tuple[pa.Table, pa.Table]:
    """Items of one text each; item n was bought n modulo 7 times, alone in its basket."""
    ids = [f"p{n}" for n in range(size)]
    items = pa.table({"id": ids, "title": ids, "text": [f"thing number {n}" for n in range(size)]})
    bought = [name for n, name in enumerate(ids) for _ in range(n % 7)]
    when = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(len(bought))]
    events = pa.table(
        {
            "event_id": pa.array([str(n) for n in range(len(bought))], pa.string()),
            "type": pa.array(["purchase"] * len(bought), pa.string()),
            "user": pa.array(["u"] * len(bought), pa.string()),
            "visitor": pa.nulls(len(bought), pa.string()),
            "item": pa.array(bought, pa.string()),
            "time": pa.array(when, pa.timestamp("us", "UTC")),
            "basket": pa.array([str(n) for n in range(len(bought))], pa.string()),
        }
    )
    return items, events


@pytest.mark.parametrize("size", [1, 30, 200, 2000])
def test_no_text_is_calibrated_by_and_held_out(size: int) -> None:
    texts = parity_texts(*catalogue(size))
    assert not set(texts.held_out) & set(texts.calibration)
    assert len(set(texts.held_out)) == len(texts.held_out)
    assert 60 <= len(texts.held_out) <= HELD_OUT
    assert 60 <= len(texts.calibration) <= CALIBRATED + 76
