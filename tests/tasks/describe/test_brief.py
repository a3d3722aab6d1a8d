"""A brief says an item's facts in one language."""

from __future__ import annotations

import pytest

from tradewind.data.records import Item
from tradewind.tasks.describe.brief import Brief, in_language, prompt


@pytest.mark.parametrize(
    ("text", "chinese", "english"),
    [
        ("玻璃茶壶 600毫升 Glass teapot 600 ml", "玻璃茶壶 600毫升", "Glass teapot 600 ml"),
        ("星河 9 Pro 智能手机 512GB Xinghe 9 Pro smartphone", "星河 9 Pro 智能手机 512GB", "Xinghe 9 Pro smartphone"),
        ("1080P 网络摄像头 1080p webcam", "1080P 网络摄像头", "1080p webcam"),
        ("600 ml", "600 ml", "600 ml"),
        ("玻璃", "玻璃", "玻璃"),
        ("", "", ""),
    ],
)
def test_a_text_in_both_languages_is_parted(text: str, chinese: str, english: str) -> None:
    assert (in_language(text, "zh"), in_language(text, "en")) == (chinese, english)


def test_a_prompt_holds_the_facts_of_its_language_only_and_ends_where_the_text_begins(teapot: Item) -> None:
    english, chinese = prompt(Brief(teapot, "en")), prompt(Brief(teapot, "zh"))
    assert english.splitlines() == [
        "Product: Borosilicate glass teapot 600 ml",
        "Brand: Mubai",
        "Category: Teaware",
        "Size: 600 ml",
        "Material: glass",
        "Description:",
    ]
    assert "材质: 玻璃" in chinese
    assert chinese.endswith("描述:")
    assert "teapot" not in chinese
