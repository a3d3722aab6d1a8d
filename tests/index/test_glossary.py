from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.data.records import Item
from tradewind.errors import ConfigError
from tradewind.index.catalogue import Catalogue
from tradewind.index.glossary.cutting import cut
from tradewind.index.glossary.entries import MAX_WORD, packaged, parse, read_glossary, simplified
from tradewind.index.glossary.translator import glossary_of, stems_of

BOOK = glossary_of()
WORDS = frozenset({"猫粮", "冷冻", "披萨", "冷冻披萨", "海鲜", "鲜奶", "上海"})


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("冷冻披萨", [("冷冻披萨", True)]),
        ("幼猫粮", [("幼", False), ("猫粮", True)]),
        ("上海鲜奶", [("上海", True), ("鲜奶", True)]),
        ("鲸鱼", [("鲸鱼", False)]),
        ("", []),
    ],
)
def test_a_run_is_cut_so_that_least_is_left_over(typed: str, read: list[tuple[str, bool]]) -> None:
    assert cut(typed, WORDS.__contains__) == read


@given(st.text(st.sampled_from("冷冻披萨猫粮上海鲜奶鱼"), max_size=40))
def test_the_pieces_of_a_run_put_together_are_the_run(run: str) -> None:
    pieces = cut(run, WORDS.__contains__)
    assert "".join(piece for piece, _ in pieces) == run
    assert all(piece in WORDS for piece, is_word in pieces if is_word)


def test_the_packaged_glossary_holds_each_chinese_word_once_and_every_english_phrase_can_be_looked_for() -> None:
    words = [word for entry in packaged() for word in entry.chinese]
    assert len(words) == len(set(words)) > 1_500
    assert all(stems_of(phrase) for entry in packaged() for phrase in entry.english)
    assert all(simplified(word) == word and len(word) <= MAX_WORD for word in words)


def test_synonyms_of_a_trade_lead_to_the_same_english_words() -> None:
    assert BOOK.english["纸尿裤"] == BOOK.english["尿不湿"] == BOOK.english["尿布"]
    assert {"diapers", "nappies"} <= set(BOOK.english["尿布"])
    assert "意面" in BOOK.chinese[("spaghetti",)]


def test_traditional_writing_is_read_as_simplified() -> None:
    assert simplified("洗髮水 貓糧 義大利麵 shampoo") == "洗发水 猫粮 义大利面 shampoo"


@pytest.mark.parametrize("line", ["洗发水 shampoo", "洗发水\t", "\tshampoo", "shampoo\t洗发水", "词" * 13 + "\tword"])
def test_a_line_that_is_no_entry_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text(f"# ours\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"line 2|at most|no entry") as raised:
        read_glossary(path)
    assert "line 2" in str(raised.value)


def test_a_glossary_that_is_missing_or_not_utf8_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_glossary(tmp_path / "none.tsv")
    (tmp_path / "bad.tsv").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_glossary(tmp_path / "bad.tsv")


def test_a_shops_own_entry_goes_before_the_packaged_one() -> None:
    own = glossary_of(("猫粮\tkitty dinner", "云朵糕\tcloud cake"))
    assert own.english["猫粮"] == ("kitty dinner",)
    assert own.english["云朵糕"] == ("cloud cake",) and own.chinese[("cloud", "cake")] == ("云朵糕",)
    assert own.english["尿布"] == BOOK.english["尿布"]


def test_comments_are_no_entries() -> None:
    assert parse(["# a", "", "猫\tcat # b"], where="here")[0].english == ("cat",)


def _item(name: str, title: str, kind: str) -> Item:
    return Item(id=name, title=title, text=f"{title}. {kind}", category=(kind,))


ENGLISH = [
    *(_item(f"s{at}", f"Herbal shampoo {at}", "Hair care") for at in range(12)),
    *(_item(f"d{at}", f"Baby diapers size {at}", "Diapers") for at in range(12)),
    *(_item(f"p{at}", f"Frozen pizza cheese {at}", "Frozen") for at in range(12)),
    *(_item(f"c{at}", f"Cat food salmon {at}", "Pets") for at in range(12)),
    _item("f0", "Frozen peas", "Frozen"),
    _item("n0", "Nappies for night", "Diapers"),
    _item("x0", "Dog food beef", "Pets"),
]
CHINESE = [
    *(_item(f"s{at}", f"草本洗发水 {at} 号", "个护") for at in range(12)),
    *(_item(f"p{at}", f"芝士冷冻披萨 {at} 号", "冷冻食品") for at in range(12)),
    *(_item(f"c{at}", f"三文鱼猫粮 {at} 号", "宠物") for at in range(12)),
]


@pytest.fixture(scope="module")
def english(make: Callable[..., Catalogue], tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return make(tmp_path_factory.mktemp("en") / "catalogue", ENGLISH)


@pytest.fixture(scope="module")
def chinese(make: Callable[..., Catalogue], tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return make(tmp_path_factory.mktemp("zh") / "catalogue", CHINESE)


def ids(catalogue: Catalogue, query: str, k: int = 10) -> list[str]:
    view = catalogue.view()
    return [item.id for item in view.items(view.lexical(query, k).rows)]


@pytest.mark.parametrize(
    ("query", "kind"),
    [("洗发水", "s"), ("洗髮水", "s"), ("冷冻披萨", "p"), ("猫粮", "c"), ("婴儿尿布", "d"), ("三文鱼猫粮", "c")],
)
def test_a_chinese_query_finds_its_kind_in_an_english_catalogue(english: Catalogue, query: str, kind: str) -> None:
    found = ids(english, query)
    assert len(found) == 10 and {name[0] for name in found} == {kind}


@pytest.mark.parametrize(("query", "kind"), [("shampoo", "s"), ("frozen pizzas", "p"), ("Cat food", "c")])
def test_an_english_query_finds_its_kind_in_a_chinese_catalogue(chinese: Catalogue, query: str, kind: str) -> None:
    found = ids(chinese, query)
    assert len(found) == 10 and {name[0] for name in found} == {kind}


def test_any_of_a_words_translations_is_enough_and_the_rarer_does_not_win(english: Catalogue) -> None:
    assert "n0" in ids(english, "纸尿裤", 30)
    assert ids(english, "纸尿裤", 30)[0] != "n0"


def test_only_words_that_the_catalogue_holds_are_translated_and_the_rest_is_left_out(english: Catalogue) -> None:
    read = english.view().understand("冷冻电视")
    assert read.translations == (("冷冻", ("frozen",)),)
    assert read.dropped == ("电视",)
    assert read.in_its_language == "frozen 电视"


def test_what_a_query_is_in_the_catalogues_language_is_said_only_where_it_needs_to_be(
    english: Catalogue, chinese: Catalogue, catalogue: Catalogue
) -> None:
    assert english.view().understand("婴儿尿布").in_its_language == "diapers"
    assert english.view().understand("frozen pizza").in_its_language == ""
    assert chinese.view().understand("cat food").in_its_language == "猫粮"
    assert chinese.view().understand("猫粮").translations == ()
    assert catalogue.view().understand("洗发水").in_its_language == ""


def test_texts_in_the_querys_own_language_come_first(catalogue: Catalogue) -> None:
    view = catalogue.view()
    titles = [item.title for item in view.items(view.lexical("洗发水", 500).rows)]
    own = ["洗发水" in title for title in titles]
    assert any("Shampoo" in title for title in titles)
    assert own == sorted(own, reverse=True)


def test_a_shop_of_one_language_loads_no_glossary(make: Callable[..., Catalogue], tmp_path: Path, tools: Any) -> None:
    made = make(tmp_path / "one", ENGLISH)
    made.facts["languages"] = ["en"]
    alone = Catalogue(made.folder, made.facts)
    assert alone.base.translator is None
    assert alone.view().understand("猫粮").dropped


def test_a_shops_own_glossary_is_kept_in_its_index(make: Callable[..., Catalogue], tmp_path: Path, tools: Any) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("# ours\n喵星大餐\tcat food\n", encoding="utf-8")
    settings = tools.settings.model_copy(update={"glossary": str(path), "facets": ["category"]})
    made = make(tmp_path / "own", ENGLISH, settings=settings)
    path.unlink()
    assert {name[0] for name in ids(Catalogue.open(made.folder), "喵星大餐")} == {"c"}


def test_live_items_are_found_across_languages_as_indexed_ones_are(english: Catalogue, tools: Any) -> None:
    from tradewind.index.delta import Delta

    new = _item("zz", "Shampoo for dogs", "Pets")
    view = english.view(Delta(0).apply([tools.change(1, new)]))
    assert "zz" in [item.id for item in view.items(view.lexical("洗发水", 20).rows)]


def test_a_hostile_run_of_a_thousand_characters_is_read_in_a_few_milliseconds(english: Catalogue) -> None:
    view = english.view()
    started = time.perf_counter()
    assert view.understand("洗发水" * 333).units
    assert time.perf_counter() - started < 0.1


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    assert BOOK.english.get(simplified(text), ()) is not None
    assert "".join(piece for piece, _ in cut(text[:40], BOOK.english.__contains__)) == text[:40]


def test_reading_a_query_takes_less_than_a_third_of_a_millisecond(english: Catalogue) -> None:
    view = english.view()
    queries = ["婴儿尿布", "冷冻披萨", "三文鱼猫粮", "frozen pizza"] * 25
    times = []
    for query in queries:
        started = time.perf_counter()
        view.understand(query)
        times.append(time.perf_counter() - started)
    assert sorted(times)[len(times) // 2] < 0.0003
