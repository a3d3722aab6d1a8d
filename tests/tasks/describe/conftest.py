"""Two products of a bilingual shop, and the words that its catalogue claims things with."""

from __future__ import annotations

import pytest

from tradewind.data.records import Item
from tradewind.tasks.describe.faithfulness import Lexicon

TEAPOT = Item(
    id="K1",
    title="高硼硅玻璃茶壶 600毫升 Borosilicate glass teapot 600 ml",
    category=("厨房 Kitchen", "茶具 Teaware"),
    brand="木白 Mubai",
    price=89.0,
    attributes={"size": "600 ml", "material": "玻璃 glass"},
)
CUPS = Item(
    id="K5",
    title="青瓷茶杯 四只装 Celadon tea cups, set of 4",
    category=("厨房 Kitchen", "茶具 Teaware"),
    brand="山岚 Shanlan",
    attributes={"colour": "青色 green", "material": "瓷 porcelain", "lid": "黄铜 brass"},
)


@pytest.fixture
def teapot() -> Item:
    return TEAPOT


@pytest.fixture
def cups() -> Item:
    return CUPS


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return Lexicon.of([TEAPOT, CUPS])
