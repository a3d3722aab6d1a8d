"""Reading the E5S1 form: shapes, the 4-bit weights, the tokenizer, and files that are not whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from tradewind.errors import ModelError
from tradewind.models.e5 import read_e5
from tradewind.models.e5_format import E5File

Write = Callable[[bytes], Path]


def test_a_weights_file_becomes_a_bert_encoder_of_its_shape(e5_file: Write, e5_raw: bytes) -> None:
    weights = read_e5(e5_file(e5_raw))
    assert weights.config["model_type"] == "bert"
    assert weights.tensors["embeddings.word_embeddings.weight"].shape == (weights.config["vocab_size"], 32)
    assert weights.tensors["encoder.layer.0.intermediate.dense.weight"].shape == (64, 32)
    assert weights.tensors["encoder.layer.0.output.dense.bias"].shape == (32,)
    assert all(tensor.dtype == np.float32 and np.isfinite(tensor).all() for tensor in weights.tensors.values())


def test_four_bit_weights_come_back_within_half_a_step_of_their_block(e5_file: Write, e5_raw: bytes) -> None:
    rng = np.random.default_rng(5)
    original = rng.standard_normal((16, 32)).astype(np.float32)  # the first tensor the fixture writes
    table = E5File.open(e5_file(e5_raw)).dequantised("emb.word", 16, 32)
    steps = np.abs(original).max(axis=1, keepdims=True) / 7
    assert (np.abs(table - original) <= steps * 0.51).all()


def test_the_tokenizer_puts_a_text_between_its_marks_and_spells_both_languages(e5_file: Write, e5_raw: bytes) -> None:
    tokenizer = Tokenizer.from_str(json.dumps(read_e5(e5_file(e5_raw)).tokenizer))
    assert tokenizer.encode("milk 牛奶").tokens == ["<s>", "▁milk", "▁", "牛", "奶", "</s>"]


def test_full_width_letters_and_runs_of_spaces_read_like_plain_ones(e5_file: Write, e5_raw: bytes) -> None:
    tokenizer = Tokenizer.from_str(json.dumps(read_e5(e5_file(e5_raw)).tokenizer))
    assert tokenizer.encode("ｍｉｌｋ   牛").ids == tokenizer.encode("milk 牛").ids


@given(share=st.floats(0.0, 0.999))
def test_a_file_cut_anywhere_is_refused_as_one_error(share: float, e5_raw: bytes) -> None:
    cut = e5_raw[: int(len(e5_raw) * share)]
    with pytest.raises(ModelError):
        file = E5File(cut, where="cut.bin")
        file.float32("l0.oln.b", 32)


def test_another_file_is_refused_by_name(e5_file: Write) -> None:
    with pytest.raises(ModelError, match=r"weights\.bin: not an E5S1 weights file"):
        read_e5(e5_file(b"PK\x03\x04 something else"))
