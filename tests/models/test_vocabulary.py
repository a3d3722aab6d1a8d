"""Trimming a vocabulary: what stays, what goes, and that kept text reads as before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from tradewind.errors import ModelError
from tradewind.models.checkpoint import EncoderWeights
from tradewind.models.e5 import read_e5
from tradewind.models.vocabulary import WORD_TABLE, trimmed


@pytest.fixture
def weights(e5_file: Callable[[bytes], Path], e5_raw: bytes) -> EncoderWeights:
    return read_e5(e5_file(e5_raw))


def pieces(weights: EncoderWeights) -> list[str]:
    return [text for text, _ in weights.tokenizer["model"]["vocab"]]


def test_pieces_of_other_scripts_go_and_the_marks_stay(weights: EncoderWeights) -> None:
    small = trimmed(weights, ("en", "zh"))
    assert "Молоко" not in pieces(small)
    assert "ção" not in pieces(small)
    assert {"<s>", "<pad>", "</s>", "<unk>", "<mask>", "▁milk", "牛", "ü"} <= set(pieces(small))


def test_a_shop_of_one_language_keeps_only_that_one(weights: EncoderWeights) -> None:
    assert "牛" not in pieces(trimmed(weights, ("en",)))


def test_kept_pieces_keep_their_rows(weights: EncoderWeights) -> None:
    small = trimmed(weights, ("en", "zh"))
    for piece in ("▁milk", "奶", "<mask>"):
        before = weights.tensors[WORD_TABLE][pieces(weights).index(piece)]
        after = small.tensors[WORD_TABLE][pieces(small).index(piece)]
        assert np.array_equal(before, after)
    assert small.config["vocab_size"] == len(small.tensors[WORD_TABLE]) == len(pieces(small))


def test_text_in_kept_scripts_is_cut_into_the_same_pieces(weights: EncoderWeights) -> None:
    before, after = (
        Tokenizer.from_str(json.dumps(held.tokenizer)) for held in (weights, trimmed(weights, ("en", "zh")))
    )
    for text in ("milk 牛奶", "ü milk", "", "奶奶 milk milk"):
        assert before.encode(text).tokens == after.encode(text).tokens


def test_a_language_without_a_known_script_is_refused(weights: EncoderWeights) -> None:
    with pytest.raises(ModelError, match=r"no script is known for fr .*known: en, zh"):
        trimmed(weights, ("en", "fr"))


def test_a_tokenizer_of_another_kind_is_left_alone(weights: EncoderWeights) -> None:
    other = EncoderWeights(weights.tensors, weights.config, {"model": {"type": "WordPiece"}}, {})
    assert trimmed(other, ("en",)) is other
