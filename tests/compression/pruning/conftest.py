"""Tiny random checkpoints of every family that can be pruned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoConfig, AutoModel

WORDS = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "query",
    "passage",
    "bought",
    "with",
    ":",
    "milk",
    "bread",
    "tea",
    "juice",
    "奶",
]
SIZES = {
    "vocab_size": len(WORDS),
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 48,
    "pad_token_id": 1,
    "initializer_range": 0.3,
}
OF_FAMILY = {
    "distilbert": {"dim": 32, "n_layers": 4, "n_heads": 4, "hidden_dim": 64},
    "electra": {"embedding_size": 32},
    "modernbert": {"local_attention": 4, "global_attn_every_n_layers": 2, "bos_token_id": 0, "eos_token_id": 2},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
}


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[..., Path]:
    """Returns a function that writes a tiny random checkpoint of a family and gives its folder."""

    def write(family: str = "bert", **changes: object) -> Path:
        folder = tmp_path / family
        folder.mkdir()
        tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(WORDS)}, unk_token="<unk>"))
        tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
        tokenizer.save(str(folder / "tokenizer.json"))
        (folder / "tokenizer_config.json").write_text("{}")
        torch.manual_seed(7)
        sizes = {**SIZES, **OF_FAMILY.get(family, {}), **changes}
        AutoModel.from_config(AutoConfig.for_model(family, **sizes)).save_pretrained(folder)
        return folder

    return write


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Twenty texts that a tiny tokeniser tells apart."""
    first, second = ("milk", "bread", "tea", "juice", "奶"), ("milk", "tea", "奶", "")
    return [f"{one} {other}" for one in first for other in second]
