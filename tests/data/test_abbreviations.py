from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tradewind.data.abbreviations import Abbreviations, load_abbreviations
from tradewind.errors import ConfigError

TABLE = Abbreviations({"FRZN": "frozen", "FRZN DNRS": "frozen dinners", "W/": "with", "dnr": "Dinner"})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("FRZN PIZZA", "FROZEN PIZZA"),
        ("frzn pizza", "frozen pizza"),
        ("FRZN DNRS/ENTREES", "FROZEN DINNERS/ENTREES"),
        ("FRZNX", "FRZNX"),
        ("DNR FRZN", "Dinner FROZEN"),
        ("冷冻 FRZN 披萨", "冷冻 FROZEN 披萨"),
        ("", ""),
    ],
)
def test_whole_words_are_spelled_out_the_longest_first(text: str, wanted: str) -> None:
    assert TABLE.spell(text) == wanted


def test_a_column_is_spelled_out_with_its_nulls_kept() -> None:
    assert TABLE.spell_column(pa.array(["FRZN", None, "FRZN"])).to_pylist() == ["FROZEN", None, "FROZEN"]


def test_a_table_is_read_and_a_line_that_is_no_pair_is_named(tmp_path: Path) -> None:
    (tmp_path / "words.csv").write_text("short,long\n# a note\nFRZN,frozen\n")
    assert load_abbreviations("words.csv", tmp_path).spell("FRZN") == "FROZEN"
    assert load_abbreviations(None, tmp_path).spell("FRZN") == "FRZN"
    (tmp_path / "words.csv").write_text("FRZN,frozen\nDNRS\n")
    with pytest.raises(ConfigError, match=r"words.csv:2"):
        load_abbreviations("words.csv", tmp_path)
