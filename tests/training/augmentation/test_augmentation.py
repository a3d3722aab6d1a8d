"""Every way of saying a text differently changes it a little, and only where it applies."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import ConfigError
from tradewind.training.augmentation import KINDS, Sources, augmented, changes
from tradewind.training.augmentation.homophones import Homophones
from tradewind.training.augmentation.synonyms import Synonyms
from tradewind.training.augmentation.typos import neighbours, typo
from tradewind.training.augmentation.words import dropped, swapped

SOURCES = Sources(
    texts=["有机红茶", "洪山茶杯", "茶壶"],
    synonyms=[["sneakers", "trainers", "运动鞋", "跑鞋"]],
    translate=lambda text, wanted: f"{text} ({wanted})",
)
texts = st.text(alphabet="abcdef 茶红杯12", max_size=30)


@given(texts, st.integers(0, 9))
def test_swapping_keeps_every_character(text: str, seed: int) -> None:
    assert sorted(swapped(text, Random(seed))) == sorted(text)


@given(texts, st.integers(0, 9))
def test_dropping_never_empties_a_text_and_never_takes_a_number(text: str, seed: int) -> None:
    left = dropped(text, Random(seed))
    assert bool(left.strip()) == bool(text.strip())
    assert [letter for letter in left if letter.isdigit()] == [letter for letter in text if letter.isdigit()]


@given(st.from_regex(r"[a-z]{4,9}", fullmatch=True), st.integers(0, 9))
def test_a_slip_keeps_the_first_letter_and_nearly_the_length(word: str, seed: int) -> None:
    slip = typo(word, Random(seed))
    assert slip[0] == word[0]
    assert abs(len(slip) - len(word)) <= 1


def test_a_slip_hits_a_key_beside_the_right_one() -> None:
    assert {"f", "h", "t"} <= set(neighbours("g"))
    assert not {"g", "p", "q"} & set(neighbours("g"))


def test_a_text_without_latin_words_has_no_slips() -> None:
    assert typo("有机红茶 500", Random(1)) == "有机红茶 500"


def test_synonyms_stay_in_their_script_and_are_whole_words() -> None:
    change = Synonyms(SOURCES.synonyms)
    assert change("red sneakers", Random(1)) == "red trainers"
    assert change("男士运动鞋", Random(1)) == "男士跑鞋"
    assert change("sneakersX", Random(1)) == "sneakersX"


def test_homophones_are_characters_of_the_shop_that_sound_alike() -> None:
    change = Homophones(SOURCES.texts)
    assert change("红", Random(1)) == "洪"
    assert change("壶", Random(1)) == "壶"


def test_a_text_goes_to_the_other_language_and_back() -> None:
    change = changes(["back-translation"], SOURCES)["back-translation"]
    assert change("tea", Random(1)) == "tea (zh) (en)"
    assert change("茶", Random(1)) == "茶 (en) (zh)"


def test_copies_are_new_texts_that_know_where_they_came_from() -> None:
    given_texts = ["green tea cups", "red sneakers", "有机红茶"]
    found, origins = augmented(given_texts, changes(KINDS, SOURCES), copies=3, seed=5)
    assert len(found) == len(set(found)) == len(origins) > 3
    assert not set(found) & set(given_texts)
    assert (found, origins) == augmented(given_texts, changes(KINDS, SOURCES), copies=3, seed=5)
    assert {0, 1, 2} >= set(origins)


def test_a_share_of_a_copy_is_a_share_of_the_texts() -> None:
    found, _ = augmented([f"tea number {n} cup" for n in range(400)], changes(["swap"], Sources()), copies=0.25, seed=1)
    assert 60 < len(found) < 140


def test_what_is_not_known_or_lacks_its_source_is_said() -> None:
    with pytest.raises(ConfigError, match="no augmentation 'typo'"):
        changes(["typo"], Sources())
    with pytest.raises(ConfigError, match="translation model"):
        changes(["back-translation"], Sources())
