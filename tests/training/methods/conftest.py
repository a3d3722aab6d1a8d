"""Tiny random encoders of every family, two blocks of width 32, and one cell of the matrix family by method by head."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from torch.nn.functional import cross_entropy, normalize
from transformers import (
    AutoModel,
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ElectraConfig,
    ModernBertConfig,
    MPNetConfig,
    PretrainedConfig,
    RobertaConfig,
    XLMRobertaConfig,
)

from tradewind.models.bi_encoder import BiEncoder
from tradewind.models.text_model import TextModel
from tradewind.training.encoder_parts import cut_at, encoder_parts, moving_blocks
from tradewind.training.trainer import Objective
from tradewind.training.tuning import Parts, TuningMethod, attending, method, trainable

VOCABULARY = 60
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
CONFIGS: dict[str, type[PretrainedConfig]] = {
    "bert": BertConfig,
    "roberta": RobertaConfig,
    "xlm-roberta": XLMRobertaConfig,
    "electra": ElectraConfig,
    "deberta-v2": DebertaV2Config,
    "mpnet": MPNetConfig,
    "modernbert": ModernBertConfig,
    "distilbert": DistilBertConfig,
}
MORE: dict[str, dict[str, Any]] = {
    "electra": {"embedding_size": 32},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 16},
    "modernbert": SPECIAL,
}
STEPS = 12
RATES = {"full": 5e-3, "partial": 5e-3, "head": 2e-2, "lora": 2e-2}
"""Pretrained weights move little, new ones much."""


def tiny_config(family: str) -> PretrainedConfig:
    """Returns the configuration of an encoder of two blocks without dropout."""
    shape = dict(SHAPE)
    if family == "distilbert":
        names = {"hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads"}
        shape = {names.get(name, name): value for name, value in shape.items()} | {"hidden_dim": 64}
        del shape["intermediate_size"]
    config = CONFIGS[family](**shape, **MORE.get(family, {}))
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout"):
        if hasattr(config, name):
            setattr(config, name, 0.0)
    return config


@cache
def tiny_weights(family: str) -> tuple[PretrainedConfig, dict[str, torch.Tensor]]:
    """Returns a family's configuration and random weights, always the same."""
    torch.manual_seed(7)
    config = tiny_config(family)
    return config, AutoModel.from_config(config).state_dict()


def tiny_tokenizer() -> Tokenizer:
    """Returns a tokeniser of whole words."""
    words = ["[PAD]", "[UNK]", *(f"w{number}" for number in range(VOCABULARY - 2))]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def tiny_encoder(family: str) -> BiEncoder:
    """Returns a fresh encoder of a family, always with the same weights."""
    config, weights = tiny_weights(family)
    model = AutoModel.from_config(config)
    model.load_state_dict(weights)
    prefixes = {"query": "", "passage": "", "together": ""}
    return BiEncoder(model, tiny_tokenizer(), prefixes, 24).eval()


class Learning(Objective):
    """One loss for each head: classes of texts, classes of tokens, or how far vectors lie from a direction."""

    def __init__(self, model: nn.Module, head: str, cut: int) -> None:
        super().__init__()
        self.model, self.head, self.cut = model, head, cut

    def forward(self, states: torch.Tensor, mask: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
        outputs = self.model(states, mask, self.cut)
        if self.head == "tokens":
            return {"loss": cross_entropy(outputs[mask], target[:, None].expand(mask.shape)[mask])}
        if self.head == "texts":
            return {"loss": cross_entropy(outputs, target)}
        wanted = torch.randn(outputs.shape[1], generator=torch.Generator().manual_seed(2))
        return {"loss": 1.0 - (outputs @ normalize(wanted, dim=0)).mean()}


@dataclass
class Cell:
    """A family, a method and a head: the model before, the model that is trained, and a batch it can learn."""

    family: str
    name: str
    head: str
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.encoder = tiny_encoder(self.family)
        torch.manual_seed(1)
        self.tuning: TuningMethod = method(self.name, self.options)
        moving = moving_blocks(self.encoder, self.tuning, 2)
        self.cut = cut_at(self.encoder, moving)
        self.model, self.parts = self._model(moving)
        self.before = {name: value.detach().clone() for name, value in self.model.named_parameters()}
        self.shapes = {name: tuple(value.shape) for name, value in self.model.state_dict().items()}
        self.active = self.tuning.prepare(self.model, self.parts)
        self.moving = trainable(self.active)
        self.ids = torch.randint(3, VOCABULARY, (6, 9), generator=torch.Generator().manual_seed(5))
        self.mask = torch.ones(6, 9, dtype=torch.bool)
        self.mask[2, 5:] = False
        self.ids[~self.mask] = 0

    def _model(self, moving: int) -> tuple[nn.Module, Parts]:
        if self.head == "vectors":
            return self.encoder, encoder_parts(self.encoder, moving)
        model = TextModel(self.encoder, 2, tokenwise=self.head == "tokens")
        return model, encoder_parts(self.encoder, moving, prefix="encoder.", head=("head",))

    def batch(self) -> dict[str, torch.Tensor]:
        states = self.encoder.below(self.ids, self.mask, self.cut) if self.cut else self.ids
        return {"states": states, "mask": self.mask, "target": torch.tensor([0, 1, 0, 1, 0, 1])}

    def objective(self) -> Objective:
        return Learning(self.active, self.head, self.cut)

    def learn(self, steps: int = STEPS) -> list[float]:
        objective, losses = self.objective(), []
        rate = RATES.get(self.name, 5e-2)
        optimiser = torch.optim.AdamW([p for p in objective.parameters() if p.requires_grad], lr=rate)
        schedule, batch = attending(objective, max(steps, 10)), self.batch()
        state = type("State", (), {"global_step": 0})()
        objective.train()
        for step in range(steps):
            state.global_step = step
            loss = objective(**batch)["loss"]
            optimiser.zero_grad()
            loss.backward()
            for callback in schedule:
                callback.on_pre_optimizer_step(None, state, None)
            optimiser.step()
            for callback in schedule:
                callback.on_optimizer_step(None, state, None)
            losses.append(loss.item())
        return losses

    @torch.no_grad()
    def outputs(self, model: nn.Module) -> torch.Tensor:
        model.eval()
        batch = self.batch()
        found: torch.Tensor = model(batch["states"], batch["mask"], self.cut)
        return found[self.mask] if self.head == "tokens" else found


@pytest.fixture
def make_cell() -> type[Cell]:
    return Cell


@pytest.fixture
def make_encoder() -> Any:
    return tiny_encoder
