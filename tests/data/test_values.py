from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tradewind.data.values import to_numbers, to_texts, to_times


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pa.array([" a ", "", None, "  "]), ["a", None, None, None]),
        (pa.array([1, None]), ["1", None]),
        (pa.array([1.0, None, 3.0]), ["1", None, "3"]),
        (pa.array([1.5, 2.0]), ["1.5", "2"]),
        (pa.array([True, None]), ["true", None]),
        (pa.array(["x", "x"]).dictionary_encode(), ["x", "x"]),
        (pa.array(["x"], pa.large_string()), ["x"]),
        (pa.nulls(2), [None, None]),
        (pa.array([["a", "b"]]), ["['a', 'b']"]),
        (pa.array([Decimal("1.50")]), ["1.50"]),
    ],
)
def test_any_column_reads_as_trimmed_text(column: pa.Array, wanted: list[Any]) -> None:
    assert to_texts(column).values.to_pylist() == wanted


def test_bytes_that_are_not_utf8_are_named_and_the_others_read() -> None:
    found = to_texts(pa.array([b"ok", b"\xff", None, "好".encode()], pa.binary()))
    assert found.values.to_pylist() == ["ok", None, None, "好"]
    assert found.broken.tolist() == [False, True, False, False]


def test_numbers_come_from_numbers_and_texts_and_the_rest_is_wrong() -> None:
    found = to_numbers(pa.array(["1", "2.5", " 3 ", "abc", None, "1e3", "nan"]))
    assert found.values.to_pylist()[:6] == [1.0, 2.5, 3.0, None, None, 1000.0]
    assert np.isnan(found.values[6].as_py())
    assert found.wrong.tolist() == [False, False, False, True, False, False, False]
    assert to_numbers(pa.array([1, None])).values.to_pylist() == [1.0, None]
    assert to_numbers(pa.array([Decimal("1.25")])).values.to_pylist() == [1.25]


MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["2026-01-02 03:04:05"]),
        pa.array(["2026-01-02T03:04:05"]),
        pa.array(["2026-01-02T03:04:05Z"]),
        pa.array(["2026-01-02T04:04:05+01:00"]),
        pa.array(["2026/01/02 03:04:05"]),
        pa.array([int(MOMENT.timestamp())]),
        pa.array([MOMENT.timestamp()]),
        pa.array([int(MOMENT.timestamp() * 1e3)]),
        pa.array([int(MOMENT.timestamp() * 1e6)]),
        pa.array([int(MOMENT.timestamp()) * 10**9]),
        pa.array([str(int(MOMENT.timestamp()))]),
        pa.array([MOMENT]),
        pa.array([MOMENT.replace(tzinfo=None)]),
        pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("ns")),
    ],
)
def test_a_moment_reads_the_same_however_it_is_written(column: pa.Array) -> None:
    found = to_times(column, "UTC")
    assert found.values.to_pylist() == [MOMENT]
    assert not found.wrong.any()


def test_a_time_without_a_zone_is_one_of_the_shops() -> None:
    assert to_times(pa.array(["2026-01-02 08:00:00"]), "Asia/Shanghai").values.to_pylist() == [
        datetime(2026, 1, 2, tzinfo=UTC)
    ]
    mixed = pa.array(["2026-01-02 08:00:00", "2026-01-02T08:00:00Z", "soon"])
    found = to_times(mixed, "Asia/Shanghai")
    assert found.values.to_pylist() == [datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 2, 8, tzinfo=UTC), None]
    assert found.wrong.tolist() == [False, False, True]


def test_an_hour_that_a_clock_change_skips_or_repeats_is_still_a_time() -> None:
    found = to_times(pa.array(["2026-03-29 02:30:00", "2026-10-25 02:30:00"]), "Europe/Berlin")
    assert not found.wrong.any()
    assert found.values.null_count == 0


def test_a_date_is_its_first_moment() -> None:
    assert to_times(pa.array([date(2026, 1, 2)]), "UTC").values.to_pylist() == [datetime(2026, 1, 2, tzinfo=UTC)]


@pytest.mark.parametrize("text", ["2026-02-30", "abc", "99999999999999999999999", "2026-13-01T00:00:00", "12:00"])
def test_what_is_no_time_is_wrong(text: str) -> None:
    assert to_times(pa.array([text, "2026-01-02"]), "UTC").wrong.tolist() == [True, False]


def test_seconds_and_nothing_and_infinity_are_told_apart() -> None:
    found = to_times(pa.array([0.5, None, float("inf")]), "UTC")
    assert found.values.to_pylist() == [datetime(1970, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC), None, None]
    assert found.wrong.tolist() == [False, False, True]
