"""Every method with every text task, cell by cell: the loss falls, only what is meant to moves, nothing is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tradewind import plugins
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import load_bi_encoder, padded, save_bi_encoder
from tradewind.models.heads import TextClassifier, load_head, save_head
from tradewind.models.pretrained import Checkpoint
from tradewind.training.classify import Classification
from tradewind.training.contrast import Contrast, ContrastSettings
from tradewind.training.encoder_parts import cut_at, encoder_parts, moving_blocks
from tradewind.training.text_bank import TextBank
from tradewind.training.trainer import Objective
from tradewind.training.tuning import method, trainable, within

TEXTS = ["milk, 1 oz", "bread, 2 oz", "cheese, 3 oz", "rolls, 4 oz"]
METHODS = ["full", "head", "lora"]
TASKS = ["match", "classify"]


class Cell:
    """One task with one method on the tiny encoder: a model, its parts and a batch."""

    def __init__(self, task: str, name: str, folder: Path) -> None:
        torch.manual_seed(1)
        self.encoder = load_bi_encoder(folder)
        self.task, self.name, self.tuning = task, name, method(name)
        moving = moving_blocks(self.encoder, name, 2)
        self.bank = TextBank(self.encoder, cut_at(self.encoder, moving))
        self.bank.add(TEXTS, "passage")
        self.bank.add(TEXTS, "together")
        self.model: nn.Module = self.encoder
        self.parts = encoder_parts(self.encoder, moving)
        if task == "classify":
            self.model = classifier = TextClassifier(self.encoder, ["dairy", "bakery"])
            classifier.fit_cone(self.bank.encode(TEXTS, "passage"))
            self.parts = encoder_parts(self.encoder, moving, prefix="encoder.", head=("head",))
        self.before = {key: value.detach().clone() for key, value in self.model.named_parameters()}
        self.active = self.tuning.prepare(self.model, self.parts)
        self.moving = trainable(self.active)

    def objective(self) -> Objective:
        if self.task == "classify":
            return Classification(self.active, self.bank.cut)
        return Contrast(self.active, self.bank.cut, ContrastSettings(keep=0.1))

    def batch(self) -> dict[str, torch.Tensor]:
        states, mask = self.bank.batch(TEXTS, "passage")
        if self.task == "classify":
            return {"states": states, "mask": mask, "target": torch.tensor([0, 1, 0, 1])}
        anchors, anchors_mask = self.bank.batch(TEXTS[::-1], "together")
        return {
            "anchors": anchors,
            "anchors_mask": anchors_mask,
            "passages": states,
            "passages_mask": mask,
            "log_share": torch.zeros(4),
            "same": torch.zeros(4, 4, dtype=torch.bool),
            "kept": nn.functional.normalize(torch.ones(4, 16), dim=-1),
        }

    def learn(self, steps: int = 25) -> list[float]:
        objective, losses = self.objective(), []
        moving = [parameter for parameter in objective.parameters() if parameter.requires_grad]
        optimiser = torch.optim.AdamW(moving, lr=5e-3)
        for _ in range(steps):
            loss = objective(**self.batch())["loss"]
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        return losses


@pytest.fixture(params=[(task, name) for task in TASKS for name in METHODS], ids="-".join)
def cell(request: pytest.FixtureRequest, checkpoint: Checkpoint) -> Cell:
    return Cell(*request.param, checkpoint.folder)


def test_the_loss_falls(cell: Cell) -> None:
    losses = cell.learn()
    assert losses[-1] < 0.9 * losses[0]


def test_only_the_intended_parameters_move(cell: Cell) -> None:
    cell.learn(3)
    cell.tuning.finish(cell.active)
    after = dict(cell.model.named_parameters())
    moved = {name for name, value in cell.before.items() if not torch.equal(value, after[name])}
    attention = ("query.weight", "value.weight")
    free = {name for name in cell.before if not within(name, cell.parts.frozen)}
    head = {name for name in cell.before if within(name, cell.parts.head)}
    expected = {
        "full": free,
        "head": head,
        "lora": {name for name in free if name.endswith(attention)} | (head if cell.task == "classify" else set()),
    }[cell.name]
    # Softmax does not see what is added to every key, so a key's bias has no gradient to speak of.
    assert {name for name in moved ^ expected if not name.endswith("key.bias")} == set()
    assert not any("embeddings" in name for name in moved)


def test_merged_equals_unmerged(cell: Cell) -> None:
    cell.learn(5)
    states, mask = cell.bank.batch(TEXTS, "passage")
    cell.active.eval()
    with torch.no_grad():
        before = cell.active(states, mask, cell.bank.cut)
        merged = cell.tuning.finish(cell.active)
        assert torch.allclose(before, merged(states, mask, cell.bank.cut), atol=1e-5)
    assert sorted(cell.before) == sorted(name for name, _ in merged.named_parameters())


def test_saved_equals_loaded(cell: Cell, checkpoint: Checkpoint, tmp_path: Path) -> None:
    cell.learn(5)
    cell.tuning.finish(cell.active)
    vectors = cell.encoder.encode(TEXTS, "passage")
    save_bi_encoder(cell.encoder, checkpoint.folder, tmp_path)
    again = load_bi_encoder(tmp_path).encode(TEXTS, "passage")
    assert np.allclose(vectors, again, atol=1e-6)
    if isinstance(cell.model, TextClassifier):
        save_head(cell.model, tmp_path)
        weight, bias, labels = load_head(tmp_path)
        expected = cell.model.read(torch.from_numpy(vectors)).detach().numpy()
        assert labels == ("dairy", "bakery")
        assert np.allclose(again @ weight.T + bias, expected, atol=1e-3)


def test_a_cut_encoder_gives_the_vectors_of_the_whole(checkpoint: Checkpoint) -> None:
    encoder = load_bi_encoder(checkpoint.folder)
    whole = encoder.encode(TEXTS, "query")
    for cut in (1, 2):
        assert np.allclose(TextBank(encoder, cut).encode(TEXTS, "query"), whole, atol=2e-3)
    ids = [torch.tensor(found) for found in encoder.tokens(TEXTS, "query")]
    stacked, mask = padded(ids)
    with torch.no_grad():
        assert np.allclose(encoder(encoder.below(stacked, mask, 1), mask, 1).numpy(), whole, atol=1e-6)


def test_the_methods_come_through_their_entry_points_and_an_unknown_one_is_named() -> None:
    assert set(METHODS) <= set(plugins.names("methods"))
    with pytest.raises(ConfigError, match="prefix-tuning"):
        method("prefix-tuning")


def test_lora_says_when_no_layer_fits() -> None:
    from tradewind.training.tuning import Parts

    with pytest.raises(ConfigError, match="query or value"):
        method("lora").prepare(nn.Sequential(nn.Linear(2, 2)), Parts(head=("0",)))
