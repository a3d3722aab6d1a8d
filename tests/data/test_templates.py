from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.templates import Template
from tradewind.errors import ConfigError


@pytest.mark.parametrize(
    ("template", "values", "wanted"),
    [
        ("{a}, {b}", {"a": "Milk", "b": "1 l"}, "Milk, 1 l"),
        ("{a}, {b}", {"a": "Milk"}, "Milk"),
        ("{a}, {b}", {"b": "1 l"}, "1 l"),
        ("{a}, {b}", {}, ""),
        ("{a}. {b}. {c}. {d}", {"a": "A", "d": "D"}, "A. D"),
        ("{a}. {b}. {c}", {"b": "B"}, "B"),
        ("{a} ({b})", {"a": "A"}, "A"),
        ("{a} ({b})", {"a": "A", "b": "B"}, "A (B)"),
        ("{a} ({b}) {c}", {"a": "A", "c": "C"}, "A C"),
        ("{a} ({b}, {c})", {"a": "A", "c": "C"}, "A (C)"),
        ("{a} ({b}, {c})", {"a": "A", "b": "B"}, "A (B)"),
        ("{a}, size {b}, {c}", {"a": "A", "c": "C"}, "A, C"),
        ("{a} OZ, {b}", {"b": "B"}, "B"),
        ("{a}，{b}", {"a": "牛奶"}, "牛奶"),
        ("brand: {a}", {"a": "A"}, "brand: A"),
        ("{a}{b}", {"a": "A", "b": "B"}, "AB"),
    ],
)
def test_empty_parts_go_with_the_signs_and_words_that_belong_to_them(
    template: str, values: dict[str, str], wanted: str
) -> None:
    assert Template(template).render(values) == wanted


def test_a_template_without_a_field_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="no field in braces"):
        Template("just words")


VALUE = st.one_of(st.none(), st.just(""), st.sampled_from(["A", "b c", "洗发水", "x, y", "(z)"]))


@given(
    template=st.sampled_from(["{a}, {b}", "{a}. {b}. {c}", "{a} ({b}, {c})", "{c}-{a}{b}", "({a}) {b} cm {c}!"]),
    rows=st.lists(st.tuples(VALUE, VALUE, VALUE), max_size=20),
)
def test_a_column_of_rows_and_one_row_after_another_give_the_same_texts(
    template: str, rows: list[tuple[str | None, ...]]
) -> None:
    columns = {name: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate("abc")}
    made = Template(template).render_columns(columns, len(rows)).to_pylist()
    assert [text or "" for text in made] == [
        Template(template).render(dict(zip("abc", row, strict=True))) for row in rows
    ]


@given(st.tuples(VALUE, VALUE, VALUE))
def test_no_text_begins_or_ends_with_a_separator(row: tuple[str | None, ...]) -> None:
    text = Template("{a}. {b}, {c}").render(dict(zip("abc", row, strict=True)))
    assert text == text.strip(" .,")
