from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import create_engine, text

from tradewind import plugins
from tradewind.data.files import locate
from tradewind.data.sources import BadLine, SourceBatch, open_source
from tradewind.errors import ConfigError, DataError
from tradewind.settings import SourceSettings


def read(folder: Path, content: bytes, name: str = "t.csv") -> list[SourceBatch]:
    (folder / name).write_bytes(content)
    return list(open_source(SourceSettings(path=name), folder).batches())


def test_our_own_sources_come_in_through_the_same_door_as_a_strangers() -> None:
    assert plugins.names("sources") == ["csv", "jsonl", "parquet", "sql"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_read_whatever_its_delimiter_with_a_byte_order_mark_and_windows_lines(
    tmp_path: Path, delimiter: str
) -> None:
    content = '\ufeffid,name\r\n1,"a ""b"""\r\n2,好\r\n'.replace(",", delimiter).encode()
    (batch,) = read(tmp_path, content)
    assert batch.columns.to_pydict() == {"id": ["1", "2"], "name": ['a "b"', "好"]}
    assert batch.lines.tolist() == [2, 3]


def test_a_csv_line_of_another_width_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    (batch,) = read(tmp_path, b"id,name\n1,a\n2\n3,c,d\n4,d\n")
    assert batch.columns.to_pydict()["id"] == ["1", "4"]
    assert batch.unreadable == (
        BadLine(3, "wrong_number_of_columns", "1 of 2 columns: 2"),
        BadLine(4, "wrong_number_of_columns", "3 of 2 columns: 3,c,d"),
    )


def test_a_quote_that_is_never_closed_takes_no_line_but_its_own(tmp_path: Path) -> None:
    (batch,) = read(tmp_path, b'id,name\n1,a\n2,"b\n3,c\n4,"d ""x"" e"\n5,f\n')
    assert batch.columns.to_pydict()["id"] == ["1", "3", "4", "5"]
    assert [(bad.line, bad.reason) for bad in batch.unreadable] == [(3, "unclosed_quote")]
    (batch,) = read(tmp_path, b'id,name\n1,a\n2,"b\n' + b"3,c\n" * 3_000 + b'4,"two\nlines"\n')
    assert batch.columns.num_rows == 3_002
    assert [(bad.line, bad.value) for bad in batch.unreadable] == [(3, '2,"b')]
    assert batch.lines.tolist()[-1] == 3_005


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"", "empty"), (b"id,id\n", "there twice"), (b"id,\xff\n", "not UTF-8")],
)
def test_a_csv_without_a_usable_header_is_an_error(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read(tmp_path, content)


def test_a_csv_of_only_a_header_has_its_columns_and_no_row(tmp_path: Path) -> None:
    (batch,) = read(tmp_path, b"id,name\n")
    assert batch.columns.schema.names == ["id", "name"]
    assert batch.columns.num_rows == 0


def test_json_lines_give_inner_fields_by_path_and_lists_as_category_paths(tmp_path: Path) -> None:
    content = '{"id": 1, "a": {"b": true}, "c": ["x", "y"]}\n\n{"id": "好", "d": 1.5}\n'.encode()
    (batch,) = read(tmp_path, content, "t.jsonl")
    assert batch.columns.to_pydict() == {
        "id": ["1", "好"],
        "a.b": ["true", None],
        "c": ["x > y", None],
        "d": [None, "1.5"],
    }
    assert batch.lines.tolist() == [1, 3]


def test_a_line_that_is_no_json_object_is_told_with_its_number(tmp_path: Path) -> None:
    (batch,) = read(tmp_path, b'{"id": 1}\n{"id": \n[1]\n{"id": "\xff"}\n{"id": "\\ud800"}\n{"id": 2}\n', "t.jsonl")
    assert batch.columns.to_pydict() == {"id": ["1", "2"]}
    assert [(bad.line, bad.reason) for bad in batch.unreadable] == [
        (2, "unreadable_line"), (3, "unreadable_line"), (4, "broken_utf8"), (5, "unreadable_line")
    ]  # fmt: skip


def test_a_folder_or_a_pattern_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    for day in (2, 1):
        pq.write_table(pa.table({"day": [day, day]}), tmp_path / "days" / f"{day}.parquet")
    for path in ("days", "days/*.parquet"):
        batches = list(open_source(SourceSettings(path=path, kind="parquet"), tmp_path).batches())
        assert [batch.file for batch in batches] == ["1.parquet", "2.parquet"]
        assert [batch.lines.tolist() for batch in batches] == [[1, 2], [1, 2]]


def test_a_file_that_is_no_parquet_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a Parquet file"):
        read(tmp_path, b"no", "t.parquet")


def test_a_package_is_found_without_being_imported() -> None:
    import sys

    sys.modules.pop("antigravity", None)
    (file,) = locate("package:yaml/__init__.py", Path())
    assert file.name == "__init__.py"


def test_a_query_is_read_and_a_password_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'goods.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE goods (id INTEGER, price)"))
        connection.execute(text("INSERT INTO goods VALUES (1, 2.5), (2, 'abc'), (3, NULL)"))
    engine.dispose()
    monkeypatch.setenv("GOODS", "goods.db")
    settings = SourceSettings(kind="sql", url="sqlite:///${GOODS}", query="SELECT * FROM goods ORDER BY id")
    (batch,) = open_source(settings, tmp_path).batches()
    assert batch.columns.to_pydict() == {"id": [1, 2, 3], "price": ["2.5", "abc", None]}
    with pytest.raises(ConfigError, match="no NOT_SET_AT_ALL"):
        open_source(settings.model_copy(update={"url": "sqlite:///${NOT_SET_AT_ALL}"}), tmp_path)
    with pytest.raises(DataError, match="no such table"):
        list(open_source(settings.model_copy(update={"query": "SELECT * FROM gone"}), tmp_path).batches())


def test_a_kind_that_is_not_installed_is_an_error_naming_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="known: csv, jsonl, parquet, sql"):
        open_source(SourceSettings(kind="xlsx", path="x"), tmp_path)


def test_an_object_where_other_lines_have_a_plain_value_is_shown_whole_and_not_lost(tmp_path: Path) -> None:
    (batch,) = read(tmp_path, b'{"id": 1, "price": 2}\n{"id": 2, "price": {"low": 1, "cur": "\xc2\xa5"}}\n', "t.jsonl")
    assert batch.columns.to_pydict() == {
        "id": ["1", "2"],
        "price": ["2", '{"low":1,"cur":"¥"}'],
        "price.low": [None, "1"],
        "price.cur": [None, "¥"],
    }
