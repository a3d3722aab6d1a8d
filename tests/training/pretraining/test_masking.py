"""What is hidden of a text: the share asked for, whole words, never the prefix, and the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from tradewind.errors import ModelError
from tradewind.training.pretraining.masking import LONGEST_WORD, Masking, Words, hidden, masking_of, words_of
from tradewind.training.supervised.task import IGNORED

PIECES = ["[UNK]", "[MASK]", "pass", "##age", ":", "milk", "##y", "bread", "tea", "##pot", "##s", *"白瓷茶杯", "##白"]
VOCABULARY = {piece: number for number, piece in enumerate(PIECES)}


def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordPiece(VOCABULARY, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.add_special_tokens(["[MASK]"])
    return made


def test_pieces_of_a_word_belong_together_and_the_prefix_to_nothing() -> None:
    (whole,) = words_of(tokenizer(), ["Teapots milky bread"], "passage: ", whole=True)
    assert [PIECES[number] for number in whole.ids[3:6]] == ["tea", "##pot", "##s"]
    assert whole.words.tolist() == [-1, -1, -1, 0, 0, 0, 1, 1, 2]
    (apart,) = words_of(tokenizer(), ["Teapots milky bread"], "passage: ", whole=False)
    assert apart.words.tolist() == [-1, -1, -1, 0, 1, 2, 3, 4, 5]


def test_a_sentence_without_gaps_is_hidden_in_runs() -> None:
    (found,) = words_of(tokenizer(), ["白" * 9], "", whole=True)
    assert np.bincount(found.words).max() == LONGEST_WORD


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=30),
    share=st.floats(0.05, 0.5),
    seed=st.integers(0, 2**31),
)
def test_hiding_keeps_length_prefix_and_whole_words(sizes: list[int], share: float, seed: int) -> None:
    words = np.array([-1, *(number for number, size in enumerate(sizes) for _ in range(size)), -1])
    text = Words(np.arange(100, 100 + len(words)), words)
    masking = Masking(7, np.arange(50, 60), share)
    ids, targets = hidden(text, masking, np.random.default_rng(seed))
    chosen = targets != IGNORED
    assert (targets[chosen] == text.ids[chosen]).all()
    assert (ids[~chosen] == text.ids[~chosen]).all()
    assert not chosen[words < 0].any()
    assert chosen.sum() >= 1
    assert abs(chosen.sum() - max(1.0, share * sum(sizes))) <= max(sizes)
    for number in range(len(sizes)):
        assert len(set(chosen[words == number])) == 1


def test_of_the_chosen_eight_in_ten_are_masked_and_one_in_ten_is_another() -> None:
    words = np.arange(20_000)
    text = Words(np.full(len(words), 500), words)
    ids, targets = hidden(text, Masking(7, np.arange(50, 60), 0.15), np.random.default_rng(3))
    chosen = targets != IGNORED
    assert chosen.mean() == pytest.approx(0.15, abs=0.001)
    assert (ids[chosen] == 7).mean() == pytest.approx(0.8, abs=0.03)
    assert ((ids[chosen] >= 50) & (ids[chosen] < 60)).mean() == pytest.approx(0.1, abs=0.03)
    assert (ids[chosen] == 500).mean() == pytest.approx(0.1, abs=0.03)


def test_a_text_without_a_word_hides_nothing() -> None:
    _, targets = hidden(
        Words(np.array([1, 2]), np.array([-1, -1])), Masking(7, np.arange(5), 0.15), np.random.default_rng(1)
    )
    assert (targets == IGNORED).all()


def test_the_mask_is_the_tokenisers_own_and_never_a_replacement() -> None:
    masking = masking_of(tokenizer(), 0.15)
    assert masking.mask == VOCABULARY["[MASK]"]
    assert masking.mask not in masking.others
    bare = Tokenizer(models.WordLevel({"[UNK]": 0, "milk": 1}, unk_token="[UNK]"))
    with pytest.raises(ModelError, match="no token for a mask"):
        masking_of(bare, 0.15)
