"""An encoder learns what goes with what in a shop's texts; its word table stays, and what cannot is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tradewind.errors import ConfigError, DataError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import LearnSettings, PretrainSettings
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder
from tradewind.training.pretraining.masking import masking_of, words_of
from tradewind.training.pretraining.objective import MaskedBatches, MaskedWords
from tradewind.training.pretraining.run import plan_of, pretrain, require_masked_family

KINDS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}
WORDS = ["[PAD]", "[UNK]", "[MASK]", "passage", ":", *KINDS, "dairy", "bakery", *"abcdefgh"]
TEXTS = [f"{kind} {one} {other} {KINDS[kind]}" for kind in KINDS for one in "abcdefgh" for other in "abcdefgh"]
LEARN = LearnSettings(threads=1)
PREFIXES = {"query": "query: ", "passage": "passage: ", "together": ""}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tiny_encoder(tmp_path_factory.mktemp("tiny"), WORDS, width=32, inner=64)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return Checkpoint(folder, "made for this test", digest, "none", 32, PREFIXES, len(WORDS))


def settings(**own: Any) -> PretrainSettings:
    return PretrainSettings.model_validate({"max_steps": 150, "learning_rate": 3e-3, "masked": 0.3, **own})


@pytest.fixture(scope="module")
def done(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return pretrain(checkpoint, TEXTS, settings(), LEARN, tmp_path_factory.mktemp("out"), SilentProgress())


def test_hidden_words_are_foretold_better_than_before_and_than_by_frequency(done: Any) -> None:
    found = done.perplexity
    assert found["after"] < 0.8 * found["before"]
    assert found["after"] < 0.8 * found["frequencies"]
    assert found["before"] < 1.1 * found["frequencies"]
    assert -1.0 <= done.order_kept < 0.999


def test_the_blocks_move_and_the_word_table_stays(done: Any, checkpoint: Checkpoint) -> None:
    before = load_bi_encoder(checkpoint.folder, prefixes=PREFIXES).state_dict()
    after = done.encoder.state_dict()
    assert set(before) == set(after)
    moved = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert any(".layer.0." in name for name in moved)
    assert not any("embeddings" in name for name in moved)


def test_the_head_begins_at_the_frequencies_and_scores_hidden_tokens_only(checkpoint: Checkpoint) -> None:
    encoder = load_bi_encoder(checkpoint.folder, prefixes=PREFIXES)
    counts = np.zeros(len(WORDS))
    counts[5] = 1e9
    model = MaskedWords(encoder, counts).eval()
    masking = masking_of(encoder.tokenizer, 0.15)
    words = words_of(encoder.tokenizer, TEXTS, "passage: ", whole=True)
    batches = MaskedBatches(words, masking, plan_of(settings(), LEARN, len(words)))
    batch = batches[0]
    logits = model(**batch)
    assert logits.shape == (int((batch["targets"] >= 0).sum()), len(WORDS))
    assert (logits.argmax(1) == 5).all()
    assert torch.equal(batches[0]["ids"], batch["ids"])


def test_a_family_that_reads_one_way_is_refused_with_those_that_can(checkpoint: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    with pytest.raises(ConfigError, match=r"gpt2.*bert, deberta-v2"):
        require_masked_family(replace(checkpoint, folder=tmp_path))


def test_few_texts_are_a_sentence(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="too few"):
        pretrain(checkpoint, TEXTS[:5], settings(), LEARN, tmp_path, SilentProgress())
