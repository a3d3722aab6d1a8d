"""Precision by the machine, blocks computed again for the gradient, and how sharding is told to accelerate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel, TrainingArguments

from tradewind import plugins
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel
from tradewind.settings import parse_shop
from tradewind.telemetry import SilentProgress
from tradewind.training import hardware
from tradewind.training.encoder_parts import cut_at, encoder_parts, moving_blocks
from tradewind.training.hardware import compute_again, precision_here, require, sharded, trainer_arguments
from tradewind.training.resources import Resources, resources_of
from tradewind.training.tuning import method

TEXTS = ["milk 1 oz", "bread, 2 oz", "cheese 3 oz", "rolls"]


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def test_fp16_without_a_card_is_refused_and_says_what_to_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "processor_has_bf16", lambda: True)
    with pytest.raises(ConfigError, match=r"precision: fp16 needs a card.*take bf16 or auto"):
        require(Resources(precision="fp16"))
    monkeypatch.setattr(hardware, "processor_has_bf16", lambda: False)
    with pytest.raises(ConfigError, match="take fp32 or auto"):
        require(Resources(precision="fp16"))


@pytest.mark.parametrize(("able", "found"), [(True, "bf16"), (False, "fp32")])
def test_auto_takes_bf16_where_the_processor_multiplies_it(
    able: bool, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "processor_has_bf16", lambda: able)
    assert precision_here("auto") == found
    assert precision_here("fp32") == "fp32"
    told = trainer_arguments(Resources(), nn.Linear(1, 1))
    assert (told["bf16"], told["fp16"], told["use_cpu"]) == (able, False, True)


def test_a_card_takes_fp16_with_a_scaler_and_bf16_where_it_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert (precision_here("fp16"), precision_here("auto")) == ("fp16", "bf16")
    assert trainer_arguments(Resources(precision="fp16"), nn.Linear(1, 1))["fp16"]
    require(Resources(processes=2, sharding="fsdp"))
    with pytest.raises(ConfigError, match="3 processes take a card each, and there are 2"):
        require(Resources(processes=3))


def _gradients(checkpoint: Checkpoint, name: str, blocks: int, *, again: bool) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes)
    model = TextModel(encoder, 2, tokenwise=False, dropout=0.0)
    nn.init.normal_(model.head.weight)
    tuning = method(name)
    moving = moving_blocks(encoder, tuning, blocks)
    active = tuning.prepare(model, encoder_parts(encoder, moving, prefix="encoder.", head=("head",)))
    if again:
        assert compute_again(active, SilentProgress()) == 1
    cut = cut_at(encoder, moving)
    ids = [torch.tensor(row) for row in encoder.tokens(TEXTS, "passage")]
    width = max(len(row) for row in ids)
    states = torch.stack([nn.functional.pad(row, (0, width - len(row))) for row in ids])
    mask = torch.arange(width)[None] < torch.tensor([len(row) for row in ids])[:, None]
    if cut:
        states = encoder.below(states, mask, cut)
    active.train()
    active(states, mask, cut).square().sum().backward()
    return {key: one.grad for key, one in active.named_parameters() if one.grad is not None}


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("name", [name for name in plugins.names("methods") if name != "prefix"])
def test_blocks_computed_again_give_the_same_gradients_under_every_method(
    checkpoint: Checkpoint, name: str, blocks: int
) -> None:
    plain = _gradients(checkpoint, name, blocks, again=False)
    found = _gradients(checkpoint, name, blocks, again=True)
    assert plain and plain.keys() == found.keys()
    for key, gradient in plain.items():
        torch.testing.assert_close(found[key], gradient, msg=key)


def test_prefix_tuning_would_lose_its_prefix_and_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ConfigError, match="prefix tuning does not go with gradient checkpointing"):
        _gradients(checkpoint, "prefix", 2, again=True)


def _kept_bytes(*, again: bool) -> int:
    """How much a forward pass keeps for the backward one, the weights apart."""
    torch.manual_seed(1)
    shape = {"hidden_size": 32, "num_hidden_layers": 12, "num_attention_heads": 2, "intermediate_size": 64}
    model = BertModel(BertConfig(vocab_size=50, **shape), add_pooling_layer=False).train()
    if again:
        compute_again(model, SilentProgress())
    weights, kept = {one.data_ptr() for one in model.parameters()}, 0

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal kept
        kept += 0 if tensor.data_ptr() in weights else tensor.nbytes
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model(input_ids=torch.randint(50, (4, 32)))[0].sum()
    loss.backward()
    return kept


def test_blocks_computed_again_keep_a_small_part_of_what_the_gradient_needs() -> None:
    assert _kept_bytes(again=True) * 5 < _kept_bytes(again=False)


def test_a_model_without_blocks_is_left_as_it_is_and_that_is_said() -> None:
    said: list[str] = []

    class Notes(SilentProgress):
        def note(self, text: str) -> None:
            said.append(text)

    assert compute_again(nn.Linear(2, 2), Notes()) == 0
    assert "no blocks" in said[0]


def test_sharding_is_told_as_accelerate_reads_it(tmp_path: Path) -> None:
    from accelerate.utils import FullyShardedDataParallelPlugin

    class Holds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
            self.inner = BertModel(BertConfig(vocab_size=9, **shape), add_pooling_layer=False)

    told = sharded(Holds())
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, **told)
    plugin: Any = FullyShardedDataParallelPlugin(**arguments.fsdp_plugin_args)
    assert (plugin.fsdp_version, plugin.reshard_after_forward) == (2, True)
    assert "BertLayer" in plugin.transformer_cls_names_to_wrap
    assert "FULL" in str(plugin.state_dict_type)


def test_sharding_without_cards_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"sharding: .*there is none.*leave it out"):
        require(Resources(processes=2, sharding="fsdp"))


def _resources(block: Mapping[str, Any]) -> Resources:
    raw = f"shop: s\nitems: {{source: {{path: i.csv}}, id: id, title: t}}\nlearn: {{resources: {dict(block)}}}\n"
    return resources_of(parse_shop(raw.encode(), where="test").learn.resources)


def test_what_shop_yaml_says_arrives() -> None:
    assert _resources({}) == Resources()
    told = {"precision": "fp32", "processes": 3, "cluster": "ray", "address": "auto", "storage": "/s", "restarts": 2}
    assert _resources(told) == Resources("fp32", processes=3, cluster="ray", address="auto", storage="/s", restarts=2)
    with pytest.raises(ConfigError, match="set processes to 2 or more"):
        _resources({"sharding": "fsdp"})
