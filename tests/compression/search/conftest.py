"""A tiny random encoder with more blocks than one, texts to judge it on, and a workshop around it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

from tradewind.compression.search.ground import Ground
from tradewind.compression.search.workshop import Workshop

WORDS = [f"w{number}" for number in range(40)]
PREFIXES = {"query": "q ", "passage": "p ", "together": "q p "}


def texts(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    return list(dict.fromkeys(" ".join(random.choice(WORDS, random.integers(2, 7))) for _ in range(count)))


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("original")
    words = ["<pad>", "<unk>", "q", "p", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=32,
        initializer_range=0.2,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture
def ground() -> Ground:
    return Ground(tuple(texts(40, 1)), tuple(texts(120, 2)), {})


@pytest.fixture
def workshop(original: Path, tmp_path: Path) -> Callable[..., Workshop]:
    """Returns a function that opens the test's workshop; what differs from the usual is given by name."""

    def opened(**changes: object) -> Workshop:
        usual = {"minutes": 5.0, "texts": texts(120, 3), "calibration": texts(60, 4)}
        return Workshop(
            original=original, folder=tmp_path / "workshop", prefixes=PREFIXES, max_tokens=24, **(usual | changes)
        )

    return opened
