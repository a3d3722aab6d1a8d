"""Turns raw columns into texts, numbers and times, and says which rows would not be turned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TIME: Final = pa.timestamp("us", tz="UTC")
_NAIVE: Final = pa.timestamp("us")
_UNITS: Final = ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1))
"""Below which size a number since 1970 has which unit, in microseconds; above, it is in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Texts:
    """String values (null where empty), and the rows whose bytes are not UTF-8."""

    values: pa.Array
    broken: np.ndarray


@dataclass(frozen=True, slots=True)
class Typed:
    """Numbers or times (null where empty or wrong), and the rows that had something else."""

    values: pa.Array
    wrong: np.ndarray


def to_texts(column: pa.Array) -> Texts:
    """Returns the column as trimmed strings; "" becomes null, a whole float is written without its point."""
    column = _plain(column)
    clean = np.zeros(len(column), dtype=bool)
    if pa.types.is_string(column.type) or pa.types.is_binary(column.type):
        values, broken = _utf8(column)
        trimmed = pc.utf8_trim_whitespace(values)
        return Texts(pc.if_else(pc.equal(trimmed, ""), None, trimmed), broken)
    if pa.types.is_floating(column.type):
        return Texts(_float_texts(column), clean)
    if pa.types.is_nested(column.type):
        texts = [None if value is None else str(value) for value in column.to_pylist()]
        return Texts(pa.array(texts, pa.string()), clean)
    return Texts(column.cast(pa.string()), clean)


def to_numbers(column: pa.Array) -> Typed:
    """Returns the column as float64; NaN and infinities are kept for a check to find."""
    column = _plain(column)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return Typed(column.cast(pa.float64()), np.zeros(len(column), dtype=bool))
    texts = to_texts(column).values
    try:
        return Typed(texts.cast(pa.float64()), np.zeros(len(column), dtype=bool))
    except pa.ArrowInvalid:
        numbers = [_number(text) for text in texts.to_pylist()]
    values = pa.array(
        [None if number is None or isinstance(number, str) else number for number in numbers], pa.float64()
    )
    return Typed(values, np.array([isinstance(number, str) for number in numbers], dtype=bool))


def to_times(column: pa.Array, timezone: str) -> Typed:
    """Returns the column as UTC times: times, dates, ISO 8601 texts, or seconds to nanoseconds since 1970.

    A time that names no zone is one of `timezone`.
    """
    column = _plain(column)
    clean = np.zeros(len(column), dtype=bool)
    if pa.types.is_timestamp(column.type) or pa.types.is_date(column.type):
        return Typed(_in_utc(column, timezone), clean)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _of_epoch(column)
    texts = to_texts(column).values
    try:
        return Typed(_in_utc(texts.cast(_NAIVE), timezone), clean)
    except pa.ArrowInvalid:
        moments = [_moment(text, timezone) for text in texts.to_pylist()]
    wrong = np.array([moment == "" for moment in moments], dtype=bool)
    return Typed(pa.array([moment or None for moment in moments], _TIME), wrong)


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        return column.cast(pa.string())
    if pa.types.is_large_binary(column.type):
        return column.cast(pa.binary())
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column


def _utf8(column: pa.Array) -> tuple[pa.Array, np.ndarray]:
    as_bytes = column.cast(pa.binary())
    try:
        return as_bytes.cast(pa.string()), np.zeros(len(column), dtype=bool)
    except pa.ArrowInvalid:
        decoded = [None if raw is None else _decoded(raw) for raw in as_bytes.to_pylist()]
    broken = np.array([text is False for text in decoded], dtype=bool)
    return pa.array([text or None for text in decoded], pa.string()), broken


def _decoded(raw: bytes) -> str | bool:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _float_texts(column: pa.Array) -> pa.Array:
    values = column.drop_null().to_numpy(zero_copy_only=False)
    if len(values) == 0 or (
        np.isfinite(values).all() and (values == np.floor(values)).all() and abs(values).max() < 2**53
    ):
        return column.cast(pa.int64()).cast(pa.string())
    return column.cast(pa.string())


def _number(text: str | None) -> float | str | None:
    """Returns the number, None for an empty text, the text itself when it is no number."""
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _in_utc(column: pa.Array, timezone: str) -> pa.Array:
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz:
        return column.cast(_TIME, safe=False)
    micros = column.cast(_NAIVE, safe=False)
    if timezone.upper() in ("UTC", "ETC/UTC", "Z"):
        return micros.cast(_TIME)
    return pc.assume_timezone(micros, timezone, ambiguous="earliest", nonexistent="latest").cast(_TIME)


def _of_epoch(column: pa.Array) -> Typed:
    present = np.asarray(column.is_valid())
    numbers = column.fill_null(0).to_numpy(zero_copy_only=False)
    finite = np.isfinite(numbers)
    size = np.abs(np.where(finite, numbers, 0))
    unit = [size < limit for limit, _ in _UNITS]
    with np.errstate(over="ignore", invalid="ignore"):
        nanos = numbers // 1000 if np.issubdtype(numbers.dtype, np.integer) else numbers / 1000
        micros = np.select(unit, [numbers * factor for _, factor in _UNITS], nanos)
    good = present & finite
    times = pa.array(np.where(good, micros, 0).astype(np.int64), mask=~good)
    return Typed(times.cast(_NAIVE).cast(_TIME), present & ~finite)


def _unit(number: float) -> float:
    """Returns how many microseconds one is: by its size a number since 1970 is in s, ms, us or ns."""
    return next((float(factor) for limit, factor in _UNITS if abs(number) < limit), 1e-3)


def _moment(text: str | None, timezone: str) -> Any:
    """Returns the UTC time, None for an empty text, "" when it is no time."""
    if text is None:
        return None
    try:
        if text.lstrip("-").replace(".", "", 1).isdigit() and len(text) > 8:
            return datetime.fromtimestamp(float(text) * _unit(float(text)) / 1e6, UTC)
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except (ValueError, OverflowError, OSError):
        return ""
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))).astimezone(UTC)
