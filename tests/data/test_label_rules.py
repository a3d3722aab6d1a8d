"""Hand-written rules are read strictly, by line, and say nothing where they contradict one another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.label_rules import Rules, read_rules
from tradewind.errors import ConfigError

FILE = r"""
# what a text with these words is
- {words: [milk, Crème fraîche], label: Dairy}
- words: [loaf, 面包]
  label: Bakery
- {pattern: '\d+ ?g rye', label: Bakery}
- {words: [soy], never: Dairy}
- {words: cheese cake, label: Bakery}
- {words: [cheese], label: Dairy}
"""


def rules(folder: Path, text: str = FILE) -> Rules:
    (folder / "rules.yaml").write_text(text, encoding="utf-8")
    return read_rules(folder / "rules.yaml", shown="rules.yaml")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Whole MILK 1 l", "Dairy"),
        ("ＭＩＬＫ", "Dairy"),
        ("crème FRAÎCHE", "Dairy"),
        ("全麦面包片", "Bakery"),
        ("500g rye", "Bakery"),
        ("Edam cheese", "Dairy"),
        ("milkshake", None),
        ("loaves", None),
        ("soy milk", None),
        ("milk loaf", None),
        ("cheese cake", None),
        ("soy milk loaf", "Bakery"),
        ("", None),
    ],
)
def test_a_text_gets_the_one_label_that_its_rules_agree_on(tmp_path: Path, text: str, label: str | None) -> None:
    assert rules(tmp_path).label_of(text) == label


def test_a_rule_of_never_forbids_and_gives_nothing(tmp_path: Path) -> None:
    found = rules(tmp_path)
    assert found.forbids("Soy drink", "Dairy") and not found.forbids("Soy drink", "Bakery")
    assert found.label_of("soy drink") is None
    assert [rule.stands for rule in found.rules] == [f"rules.yaml:{line}" for line in (3, 4, 6, 7, 8, 9)]


@given(st.text(max_size=40))
def test_any_text_can_be_asked_about(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    found = rules(tmp_path_factory.getbasetemp())
    label = found.label_of(text)
    assert label is None or not found.forbids(text, label)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a list of rules"),
        ("[]", "a list of rules"),
        ("words: [a]\nlabel: b", "a list of rules"),
        ("- {words: [a], label: b}\n- just words", "rules.yaml:2: a rule is a block"),
        ("- {words: [a], label: b}\n\n- {words: [a], lable: b}", "rules.yaml:3: a rule has no 'lable'"),
        ("- {label: b}", "rules.yaml:1: a rule has either words or pattern"),
        ("- {words: [a], pattern: a, label: b}", "either words or pattern"),
        ("- {words: [a]}", "either label or never"),
        ("- {words: [a], label: b, never: c}", "either label or never"),
        ("- {words: [], label: b}", "a list of words"),
        ("- {words: [' '], label: b}", "a list of words"),
        ("- {words: [3], label: b}", "a list of words"),
        ("- {pattern: '(', label: b}", "no regular expression"),
        ("- {pattern: '', label: b}", "wants a regular expression"),
        ("- {words: [a], label: ''}", "label wants a label"),
        ("- {words: [a], never: [b]}", "never wants a label"),
        ("- {words: [a], words: [b], label: c}", "stands twice"),
        ("- {words: [a", "not valid YAML"),
    ],
)
def test_what_is_no_rule_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"rules\.yaml") as refused:
        rules(tmp_path, text)
    assert said in str(refused.value)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_rules(tmp_path / "gone.yaml", shown="gone.yaml")
    (tmp_path / "bad.yaml").write_bytes(b"- {words: [\xff], label: a}")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_rules(tmp_path / "bad.yaml", shown="bad.yaml")


def test_labels_are_written_as_their_task_writes_them(tmp_path: Path) -> None:
    found = rules(tmp_path).written_as(str.upper)
    assert found.label_of("milk") == "DAIRY"

    def none(_label: str) -> str:
        raise ValueError("an empty level")

    with pytest.raises(ConfigError, match=r"rules\.yaml:3: 'Dairy' is no label: an empty level"):
        rules(tmp_path).written_as(none)
