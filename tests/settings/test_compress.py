"""Limits are read as people write them, and a wrong one is told with its units."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tradewind.errors import ConfigError
from tradewind.settings import parse_shop
from tradewind.settings.compress import CompressSettings

SHOP = "shop: s\nitems: {source: {path: items.csv}, id: id, title: title}\ncompress: "


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("3ms", 3.0), (" 0.25 MS ", 0.25), ("1s", 1000.0), ("300us", 0.3), (".5ms", 0.5)]
)
def test_a_time_is_read_in_milliseconds(text: str, milliseconds: float) -> None:
    assert CompressSettings(target=text).milliseconds == pytest.approx(milliseconds)


@pytest.mark.parametrize(("text", "count"), [("20MB", 20e6), ("1.5 gb", 1.5e9), ("512 KiB", 524_288), ("900b", 900)])
def test_a_size_is_read_in_bytes(text: str, count: float) -> None:
    assert CompressSettings(size=text).bytes == pytest.approx(count)


@pytest.mark.parametrize("text", ["3", "fast", "3 MB", "-3ms", "0ms", "3ms4", "", "1e3ms"])
def test_what_is_no_time_is_refused_with_the_units(text: str) -> None:
    with pytest.raises(ValidationError, match=r"not a time such as 3ms; units: ms, s"):
        CompressSettings(target=text)


@pytest.mark.parametrize("quality", [0.0, -1.0, 1.01])
def test_a_quality_is_a_share(quality: float) -> None:
    with pytest.raises(ValidationError):
        CompressSettings(quality=quality)


def test_nothing_is_asked_unless_a_limit_is_given() -> None:
    assert not CompressSettings().asked
    assert not CompressSettings(minutes=3).asked
    assert all(CompressSettings(**one).asked for one in ({"target": "1ms"}, {"size": "1MB"}, {"quality": 0.9}))


def test_a_wrong_limit_in_the_file_is_named_with_its_place() -> None:
    with pytest.raises(ConfigError, match=r"compress.target: Value error, not a time such as 3ms.*'fast'"):
        parse_shop((SHOP + "{target: fast}\n").encode(), where="shop.yaml")
