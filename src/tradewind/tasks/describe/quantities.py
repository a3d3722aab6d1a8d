"""Numbers and units in Chinese and English text, made comparable: 1.5升, 1500 ml and "1.5 litres" are one quantity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_UNITS: Final[dict[str, tuple[str, float]]] = {
    **dict.fromkeys(("ml", "毫升", "millilitres", "milliliters"), ("volume", 1.0)),
    **dict.fromkeys(("l", "升", "litre", "litres", "liter", "liters"), ("volume", 1000.0)),
    **dict.fromkeys(("g", "克", "gram", "grams"), ("mass", 1.0)),
    **dict.fromkeys(("kg", "公斤", "千克", "kilogram", "kilograms", "kilo", "kilos"), ("mass", 1000.0)),
    **dict.fromkeys(("mm", "毫米"), ("length", 1.0)),
    **dict.fromkeys(("cm", "厘米", "公分"), ("length", 10.0)),
    **dict.fromkeys(("m", "米", "metre", "metres", "meter", "meters"), ("length", 1000.0)),
    **dict.fromkeys(("in", "inch", "inches", "寸", "英寸"), ("length", 25.4)),
    **dict.fromkeys(("w", "瓦", "watt", "watts"), ("power", 1.0)),
    **dict.fromkeys(("mah", "毫安", "毫安时"), ("charge", 1.0)),
    **dict.fromkeys(("gb",), ("memory", 1.0)),
    **dict.fromkeys(("tb",), ("memory", 1024.0)),
    **dict.fromkeys(("lm", "流明", "lumen", "lumens"), ("light", 1.0)),
    **dict.fromkeys(("°c", "℃", "度", "摄氏度"), ("temperature", 1.0)),
    **dict.fromkeys(("%",), ("share", 1.0)),
    **dict.fromkeys(("元", "块钱", "yuan", "cny", "¥"), ("money", 1.0)),
    **dict.fromkeys(("hours", "hour", "小时"), ("time", 60.0)),
    **dict.fromkeys(("minutes", "minute", "分钟"), ("time", 1.0)),
    **dict.fromkeys(("years", "year", "年"), ("years", 1.0)),
}
_COUNTERS: Final = "只片支双件套包袋张块条层台瓶罐盒卷节合格色人枚粒把根个副组键抽档段款"
_DIGITS: Final = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"两": 2}
_WORDS: Final = {
    "zero": 0,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "hundred": 100,
    "pair": 2,
    "dozen": 12,
}
_UNIT_PATTERN: Final = "|".join(
    # "12 in a box" is no length.
    r"in(?!\s+\w)" if unit == "in" else re.escape(unit)
    for unit in sorted(_UNITS, key=len, reverse=True)
)
_NUMBER: Final = re.compile(
    rf"(?<![\w.,])(?<![A-Za-z]-)(\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?)\s?-?({_UNIT_PATTERN})?(?![A-Za-z])|"
    rf"(?<=[\u3400-\u9fff])(\d+(?:\.\d+)?)\s?({_UNIT_PATTERN})?(?![A-Za-z])",
    re.IGNORECASE,
)
_CHINESE_UNITS: Final = "|".join(sorted((unit for unit in _UNITS if not unit.isascii()), key=len, reverse=True))
_CHINESE: Final = re.compile(rf"([零一二两三四五六七八九十百]+)(?:({_CHINESE_UNITS})|(?=[{_COUNTERS}]))")
_ENGLISH: Final = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` in the base unit of its `kind` (ml, g, mm, W, ...), or a bare number with the kind None."""

    kind: str | None
    value: float
    text: str
    start: int
    end: int

    @property
    def measure(self) -> tuple[str | None, float]:
        """What makes two quantities the same."""
        return self.kind, round(self.value, 4)


def quantities(text: str) -> list[Quantity]:
    """Returns the quantities that `text` names, in their order: digits, Chinese numerals, English number words."""
    found = [_of_digits(match) for match in _NUMBER.finditer(text)]
    taken = [(one.start, one.end) for one in found]
    spoken = [_of_chinese(match) for match in _CHINESE.finditer(text)]
    spoken += [_quantity(match, _WORDS[match.group(1).lower()], None) for match in _ENGLISH.finditer(text)]
    found += [one for one in spoken if not any(one.start < end and start < one.end for start, end in taken)]
    return sorted(found, key=lambda one: one.start)


def _of_digits(match: re.Match[str]) -> Quantity:
    number, unit = (match.group(1) or match.group(3)), (match.group(2) or match.group(4))
    return _quantity(match, float(number.replace(",", "")), unit)


def _of_chinese(match: re.Match[str]) -> Quantity:
    return _quantity(match, _chinese_number(match.group(1)), match.group(2))


def _quantity(match: re.Match[str], value: float, unit: str | None) -> Quantity:
    kind, factor = _UNITS[unit.lower()] if unit else (None, 1.0)
    return Quantity(kind, value * factor, match.group().strip(), match.start(), match.end())


def _chinese_number(text: str) -> float:
    total, digit = 0, 0
    for sign in text:
        if sign in "十百":
            total += (digit or 1) * (10 if sign == "十" else 100)
            digit = 0
        else:
            digit = _DIGITS[sign]
    return float(total + digit)
