"""Whatever a text claims that the item lacks is found, and what the item says is let through."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.records import Item
from tradewind.tasks.describe.brief import Brief
from tradewind.tasks.describe.faithfulness import Lexicon, unsupported
from tradewind.tasks.describe.template import TemplateGenerator


@pytest.mark.parametrize(
    ("text", "offending"),
    [
        ("A glass teapot with a bamboo lid.", [("material", "bamboo")]),
        ("A teapot that holds 800 ml.", [("number", "800 ml")]),
        ("By Shanlan, four cups.", [("brand", "Shanlan"), ("number", "four")]),
        ("A dishwasher-safe teapot in white.", [("feature", "dishwasher-safe"), ("colour", "white")]),
        ("Model X200 with a brass lid.", [("code", "X200"), ("lid", "brass")]),
        ("Made in Japan.", [("origin", "Japan")]),
        (
            "不锈钢滤网，500毫升，日本进口",
            [("material", "不锈钢"), ("number", "500毫升"), ("origin", "日本"), ("feature", "进口")],
        ),
        ("竹制把手，山岚出品", [("material", "竹"), ("brand", "山岚")]),
        ("只要59元", [("number", "59元")]),
    ],
)
def test_a_planted_false_claim_is_found_where_it_stands(
    text: str, offending: list[tuple[str, str]], teapot: Item, lexicon: Lexicon
) -> None:
    found = unsupported(text, teapot, lexicon)
    assert [(span.kind, span.text) for span in found] == offending
    assert all(text[span.start : span.end] == span.text for span in found)


@pytest.mark.parametrize(
    "text",
    [
        "A 600 ml teapot of borosilicate glass by Mubai.",
        "Holds 0.6 litres.",
        "木白的玻璃茶壶，容量0.6升，89元，一壶好茶。",
        "玻璃材质，一目了然，十分好用。",
        "",
    ],
)
def test_what_the_item_says_in_either_language_and_any_unit_is_borne_out(
    text: str, teapot: Item, lexicon: Lexicon
) -> None:
    assert unsupported(text, teapot, lexicon) == ()


def test_a_single_character_inside_another_word_claims_nothing(teapot: Item, lexicon: Lexicon) -> None:
    assert unsupported("头皮、白天、红火的茶", teapot, lexicon) == ()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_template_claims_nothing_that_is_not_there(
    language: str, teapot: Item, cups: Item, lexicon: Lexicon
) -> None:
    briefs = [Brief(item, language) for item in (teapot, cups)]  # type: ignore[arg-type]
    texts = TemplateGenerator().write(briefs)
    assert all(len(text) > 10 for text in texts)
    assert [unsupported(text, brief.item, lexicon) for text, brief in zip(texts, briefs, strict=True)] == [(), ()]


def test_a_letter_that_grows_in_lower_case_moves_nothing(teapot: Item, lexicon: Lexicon) -> None:
    text = "İİİ bamboo"
    assert [text[span.start : span.end] for span in unsupported(text, teapot, lexicon)] == ["bamboo"]


def test_a_large_catalogues_words_cost_no_time(teapot: Item) -> None:
    many = [
        Item(id=str(n), title="x", brand=f"Brand {chr(97 + n % 26)}{'abcdefghij'[n // 26 % 10]}") for n in range(260)
    ]
    lexicon = Lexicon.of(many)
    text = "A teapot by Brand zj. " * 50
    assert {span.text for span in unsupported(text, teapot, lexicon)} == {"Brand zj"}


@given(st.text(max_size=120))
def test_no_text_breaks_the_check(text: str) -> None:
    item = Item(id="1", title="Glass teapot 600 ml", attributes={"material": "glass"})
    for span in unsupported(text, item, Lexicon.of([item])):
        assert 0 <= span.start < span.end
