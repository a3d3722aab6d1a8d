"""Labels that people give: kept one by one, and read back from a sheet that colleagues filled in."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.data.answers import Answer, AnswerFile, read_sheet, write_sheet
from tradewind.data.spreadsheets import plain_cell, safe_cell
from tradewind.errors import DataError


def parse(written: str) -> str:
    if "!" in written:
        raise ValueError("no_exclamations")
    return written


def fill(sheet: Path, labels: list[str], **changed: str) -> None:
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row, label in zip(rows, labels, strict=True):
        row["label"] = label
    rows[0].update(changed)
    with sheet.open("w", encoding="utf-8", newline="") as file:
        # Some spreadsheets write semicolons.
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def sheet_of(folder: Path, *texts: str) -> Path:
    path = folder / "sheet.csv"
    write_sheet(path, [(text, [("tea", 0.5), ("cup", 0.25)]) for text in texts])
    return path


def test_each_answer_is_on_disk_when_it_is_given(tmp_path: Path) -> None:
    file = AnswerFile(tmp_path / "labels/section.csv")
    assert file.texts() == set()
    file.append([Answer('green "tea", loose', "tea")])
    assert file.path.read_text() == 'text,label\n"green ""tea"", loose",tea\n'
    file.append([Answer("白瓷杯", "cup")])
    assert file.texts() == {'green "tea", loose', "白瓷杯"}


def test_a_line_that_was_cut_off_does_not_spoil_the_next_answer(tmp_path: Path) -> None:
    file = AnswerFile(tmp_path / "a.csv")
    file.append([Answer("one", "tea")])
    file.path.write_bytes(file.path.read_bytes() + b"tw")
    file.append([Answer("three", "cup")])
    assert file.texts() == {"one", "three"}


def test_a_filled_sheet_comes_back_and_empty_rows_stay_open(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, "oolong", "=2+2", "第三")
    fill(sheet, ["tea", " cup ", ""])
    assert read_sheet(sheet, parse) == [Answer("oolong", "tea"), Answer("=2+2", "cup")]


def test_no_cell_is_run_as_a_formula(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, "=HYPERLINK(1)", "@sum", "tea")
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "-"))]


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_a_cell_made_safe_gives_its_text_back(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


@pytest.mark.parametrize(
    ("labels", "changed", "says"),
    [
        (["tea!", "cup", ""], {}, "line 2, label: 'tea!' is none"),
        (["tea", "cup", ""], {"text": "oolong tea"}, "line 2, text: it is not the text"),
        (["tea", "cup", ""], {"id": "t-000000000000"}, "line 2, text: it is not the text"),
        (["tea", "cup", "bowl"], {}, "line 4, label: 'bowl', but 'tea' before"),
    ],
)
def test_a_broken_sheet_says_line_and_field(
    tmp_path: Path, labels: list[str], changed: dict[str, str], says: str
) -> None:
    sheet = sheet_of(tmp_path, "oolong", "cup", "oolong")
    fill(sheet, labels, **changed)
    with pytest.raises(DataError, match=says):
        read_sheet(sheet, parse)


def test_a_file_that_is_no_sheet_says_which_column_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,lable\ntea,x\n")
    with pytest.raises(DataError, match=r"'id'.*'label'; did you mean 'lable'"):
        read_sheet(tmp_path / "a.csv", parse)
    with pytest.raises(DataError, match="did you mean 'lable'"):
        AnswerFile(tmp_path / "a.csv").texts()


def test_a_line_with_too_many_cells_is_named(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, "oolong")
    with sheet.open("a") as file:
        file.write("a,b\n")
    with pytest.raises(DataError, match="line 3: wrong number of columns"):
        read_sheet(sheet, parse)
