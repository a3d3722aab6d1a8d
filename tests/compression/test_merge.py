"""Adapters become part of the weights before export, and kinds that cannot are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model

from tradewind.compression.encoder import compress_encoder
from tradewind.compression.gate import ParityLimits
from tradewind.compression.merge import plain_checkpoint
from tradewind.errors import ModelError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.runtime.encoder import OnnxEncoder

PREFIXES = {"query": "query: ", "passage": "passage: ", "together": "query: bought with: "}
TEXTS = [
    f"{first} {second}" for first in ("milk", "bread", "tea", "juice", "奶") for second in ("milk", "tea", "奶", "")
]


@pytest.fixture
def base(tiny: Callable[..., Path]) -> Path:
    return tiny()


@pytest.fixture
def adapted(base: Path, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A folder of adapters that were moved off zero, and the vectors of the encoder under them."""
    encoder = load_bi_encoder(base, prefixes=PREFIXES, max_tokens=24)
    model = get_peft_model(encoder.model, LoraConfig(r=4, target_modules=["query", "value"]))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.5)
    model.save_pretrained(tmp_path / "adapters")
    config = json.loads((tmp_path / "adapters" / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = str(base)
    (tmp_path / "adapters" / "adapter_config.json").write_text(json.dumps(config))
    encoder.model = model
    return tmp_path / "adapters", encoder.encode(TEXTS, "passage")


def test_a_whole_checkpoint_is_taken_as_it_is(base: Path, tmp_path: Path) -> None:
    assert plain_checkpoint(base, tmp_path / "merged") == base


def test_merged_weights_answer_as_the_adapted_encoder_did(
    adapted: tuple[Path, np.ndarray], base: Path, tmp_path: Path
) -> None:
    folder, expected = adapted
    merged = plain_checkpoint(folder, tmp_path / "merged")
    found = load_bi_encoder(merged, prefixes=PREFIXES, max_tokens=24).encode(TEXTS, "passage")
    untouched = load_bi_encoder(base, prefixes=PREFIXES, max_tokens=24).encode(TEXTS, "passage")
    assert np.abs(found - expected).max() < 1e-5
    assert np.abs(untouched - expected).max() > 0.01


def test_adapters_are_compressed_in_one_call_and_nothing_is_left_beside(
    adapted: tuple[Path, np.ndarray], tmp_path: Path
) -> None:
    folder, expected = adapted
    out = tmp_path / "small"
    limits = ParityLimits(size_ratio=9.0, rank_correlation=0.9)
    compress_encoder(folder, out, prefixes=PREFIXES, max_tokens=24, held_out=TEXTS, limits=limits)
    assert (OnnxEncoder(out).encode(TEXTS, "passage") * expected).sum(axis=1).min() > 0.98
    assert not (tmp_path / "small.merged").exists()


def test_adapters_that_cannot_be_merged_are_refused_by_kind(adapted: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder, _ = adapted
    config = json.loads((folder / "adapter_config.json").read_text()) | {"peft_type": "PREFIX_TUNING"}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="PREFIX_TUNING cannot be merged"):
        plain_checkpoint(folder, tmp_path / "merged")


def test_pickled_adapters_are_refused(adapted: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    folder, _ = adapted
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors"):
        plain_checkpoint(folder, tmp_path / "merged")
