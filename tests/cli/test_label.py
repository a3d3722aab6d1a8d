"""What a person sees and enters while labelling."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tradewind.cli.commands.label import interview
from tradewind.data.answers import AnswerFile
from tradewind.flows.labelling import Question, Questions
from tradewind.tasks.category import Category
from tradewind.tasks.estimators import Choice

GUESSES = (Choice("tea", 0.6), Choice("cup", 0.3))


def questions(
    folder: Path, labels: tuple[str, ...] = ("tea", "cup"), guesses: tuple[Choice, ...] = GUESSES
) -> Questions:
    asked = tuple(Question(text, guesses) for text in ("oolong", "mug", "pot"))
    return Questions(asked, labels, AnswerFile(folder / "a.csv"), Category().parse, True)


def typed(*words: str) -> Callable[[str], str]:
    coming = iter(words)

    def ask(prompt: str) -> str:
        word = next(coming, None)
        if word is None:
            raise EOFError
        if word == "^C":
            raise KeyboardInterrupt
        return word

    return ask


def kept(asked: Questions) -> list[str]:
    return asked.answers.path.read_text().splitlines()[1:] if asked.answers.path.exists() else []


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (("1", "2", "cup"), ["oolong,tea", "mug,cup", "pot,cup"]),
        (("", "s", "tea"), ["pot,tea"]),
        (("1", "q"), ["oolong,tea"]),
        (("1", "2", "^C"), ["oolong,tea", "mug,cup"]),
        (("1",), ["oolong,tea"]),
        (("bowl", "bowl", "bowl", "q"), ["oolong,bowl", "mug,bowl"]),
        (("bwol", "tea", "q"), ["oolong,tea"]),
        (("a > ", "a > ", "tea", "q"), ["oolong,tea"]),
        (("9", "tea", "q"), ["oolong,tea"]),
    ],
)
def test_what_is_entered_is_kept_and_nothing_else(tmp_path: Path, words: tuple[str, ...], rows: list[str]) -> None:
    asked = questions(tmp_path)
    assert interview(asked, typed(*words)) == len(rows)
    assert kept(asked) == rows


def test_stars_are_stars_and_no_numbers_of_guesses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = questions(tmp_path, ("1", "5"), (Choice("5", 0.9), Choice("1", 0.1)))
    interview(asked, typed("1", "5", "q"))
    assert kept(asked) == ["oolong,1", "mug,5"]
    assert "1. 5" not in capsys.readouterr().out


def test_the_first_labels_of_all_are_offered_from_then_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = questions(tmp_path, (), ())
    interview(asked, typed("tea", "1", "q"))
    assert kept(asked) == ["oolong,tea", "mug,tea"]
    assert "1. tea" in capsys.readouterr().out
