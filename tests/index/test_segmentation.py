from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.errors import ConfigError
from tradewind.index.segmentation import Segmenter, read_words


def test_own_words_are_han_words_each_once() -> None:
    assert Segmenter(["幼猫粮", "幼猫粮", "cat", "猫 粮", ""]).own_words == ("幼猫粮",)


def test_one_shops_words_do_not_reach_another() -> None:
    assert Segmenter(["幼猫粮"]).cut("幼猫粮") == ["幼猫粮"]
    assert Segmenter().cut("幼猫粮") != ["幼猫粮"]


def test_parts_of_a_word_leave_out_the_word() -> None:
    segmenter = Segmenter()
    assert "洗发" in segmenter.parts("洗发水")
    assert "洗发水" not in segmenter.parts("洗发水")
    assert segmenter.parts("橙汁") == []


def test_a_dictionary_is_read_word_by_word(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("\ufeff幼猫粮 5 n\n\n# nothing\n冻干 # freeze-dried\n".encode())
    assert read_words(path) == ["幼猫粮", "冻干"]
    path.write_bytes("幼猫粮".encode("gbk"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_words(path)
