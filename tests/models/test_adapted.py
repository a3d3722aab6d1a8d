"""Bottleneck adapters start as nothing, stand where they should, and are put only onto the encoder they belong to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models
from torch import nn
from transformers import BertConfig, BertModel

from tradewind.errors import ModelError
from tradewind.models.adapted import load_adapted, with_bottlenecks
from tradewind.models.bottleneck import Bottleneck, Placement, bottleneck_weights
from tradewind.models.checkpoint import ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE

BLOCKS = ["encoder.layer.0", "encoder.layer.1"]


def bert(width: int = 16) -> BertModel:
    torch.manual_seed(4)
    config = BertConfig(
        vocab_size=20, hidden_size=width, num_hidden_layers=2, num_attention_heads=2, intermediate_size=2 * width,
        max_position_embeddings=16, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    return BertModel(config, add_pooling_layer=False).eval()


def checkpoint(folder: Path, width: int = 16) -> Path:
    folder.mkdir()
    bert(width).save_pretrained(folder)
    Tokenizer(models.WordLevel({"[UNK]": 0, "tea": 1}, unk_token="[UNK]")).save(str(folder / "tokenizer.json"))
    return folder


def facts(placement: Placement, blocks: list[str] = BLOCKS) -> dict[str, object]:
    return {"blocks": blocks, "model_type": "bert", "width": 3, "placement": placement}


@pytest.mark.parametrize(("placement", "count"), [("houlsby", 4), ("pfeiffer", 2)])
def test_a_new_adapter_changes_nothing(placement: Placement, count: int) -> None:
    plain, ids = bert(), torch.tensor([[3, 4, 5]])
    expected = plain(ids)[0]
    adapted = with_bottlenecks(plain, facts(placement))
    assert torch.equal(adapted(ids)[0], expected)
    places = [name for name, module in plain.named_modules() if isinstance(module, Bottleneck)]
    assert len(places) == count
    assert all(name.endswith("output.dense") for name in places)


def test_an_adapter_of_which_something_is_known_is_not_linear() -> None:
    adapter = Bottleneck(nn.Linear(8, 8), 4)
    nn.init.normal_(adapter.up.weight)
    one, other = torch.randn(2, 8), torch.randn(2, 8)
    with torch.no_grad():
        together = adapter(one + other) + adapter(torch.zeros(2, 8))
        apart = adapter(one) + adapter(other)
    assert not torch.allclose(together, apart, atol=1e-4)


def test_only_the_adapters_are_written(tmp_path: Path) -> None:
    adapted = with_bottlenecks(bert(), facts("pfeiffer", BLOCKS[1:]))
    adapted.save_pretrained(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE]
    assert set(bottleneck_weights(adapted.inner)) == {
        f"encoder.layer.1.output.dense.{layer}.{kind}" for layer in ("down", "up") for kind in ("weight", "bias")
    }


def test_adapters_of_another_encoder_are_refused(tmp_path: Path) -> None:
    tuned = tmp_path / "tuned"
    tuned.mkdir()
    with_bottlenecks(bert(), facts("houlsby")).save_pretrained(tuned)
    with pytest.raises(ModelError, match="not the adapters of this encoder"):
        load_adapted(tuned, base=checkpoint(tmp_path / "wider", 32))
    base = checkpoint(tmp_path / "base")
    assert load_adapted(tuned, base=base).encode(["tea"], "query").shape == (1, 16)
    config = json.loads((tuned / ADAPTER_CONFIG_FILE).read_text(encoding="utf-8"))
    (tuned / ADAPTER_CONFIG_FILE).write_text(json.dumps(config | {"placement": "pfeiffer"}), encoding="utf-8")
    with pytest.raises(ModelError, match="other layers"):
        load_adapted(tuned, base=base)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not the adapters"):
        load_adapted(tmp_path, base=checkpoint(tmp_path / "base"))
    (tmp_path / ADAPTER_CONFIG_FILE).write_text('{"peft_type": "BOTTLENECK", "base_model_name_or_path": "/gone"}')
    with pytest.raises(ModelError, match="not a model folder"):
        load_adapted(tmp_path)
