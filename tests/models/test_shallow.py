"""A checkpoint cut to its lower blocks gives the states that the whole one has there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel

from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.models.shallow import shallow


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("whole")
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "milk": 1, "bread": 2}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(3)
    config = BertConfig(vocab_size=3, hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return Checkpoint(folder, "made for this test", "", "none", 16, {"passage": ""}, 3)


def test_the_lower_blocks_give_what_the_whole_encoder_has_there(whole: Checkpoint, tmp_path: Path) -> None:
    lower = load_bi_encoder(shallow(whole, 2, tmp_path).folder)
    assert len(lower.blocks) == 2
    ids = torch.tensor([[1, 2]])
    mask = torch.ones_like(ids, dtype=torch.bool)
    wanted = load_bi_encoder(whole.folder).below(ids, mask, 2)
    torch.testing.assert_close(lower.eval().hidden(ids, mask), wanted)


def test_the_weights_are_not_copied_and_the_whole_stays_as_it_was(whole: Checkpoint, tmp_path: Path) -> None:
    shallow(whole, 1, tmp_path)
    assert (tmp_path / "model.safetensors").is_symlink()
    assert json.loads((whole.folder / "config.json").read_text())["num_hidden_layers"] == 3


@pytest.mark.parametrize("blocks", [0, 4])
def test_more_blocks_than_there_are_is_refused(whole: Checkpoint, tmp_path: Path, blocks: int) -> None:
    with pytest.raises(ConfigError, match="cannot be cut"):
        shallow(whole, blocks, tmp_path)
