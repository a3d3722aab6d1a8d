"""Two processes with parted weights learn what one does, validate whole ones, and go on from a checkpoint.

accelerate parts weights among cards only. Here it is told that a processor is one: what runs is its FSDP2, over gloo.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import accelerate.state
import cloudpickle
import pytest
import torch
from accelerate.utils import DistributedType
from torch import nn
from transformers import BertConfig, BertModel

from tradewind.errors import ConfigError, ModelError
from tradewind.telemetry import SilentProgress
from tradewind.training import hardware, trainer
from tradewind.training.plan import Plan
from tradewind.training.resources import Resources
from tradewind.training.trainer import Curves, Objective, fit


@pytest.fixture(autouse=True)
def _by_value() -> Iterator[None]:
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


@pytest.fixture
def a_processor_for_a_card(forked: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes are copies of this one, so that they inherit what is changed here."""
    told = hardware.trainer_arguments

    def arguments(resources: Resources, objective: nn.Module) -> dict[str, Any]:
        return told(resources, objective) | ({"use_cpu": False} if resources.sharding == "fsdp" else {})

    monkeypatch.setenv("ACCELERATE_TORCH_DEVICE", "cpu")
    monkeypatch.setattr(trainer, "trainer_arguments", arguments)
    monkeypatch.setattr(trainer, "require", lambda resources: None)
    among_cards = ("gloo", DistributedType.MULTI_GPU)
    monkeypatch.setattr(accelerate.state.PartialState, "_prepare_backend", lambda *given, **more: among_cards)


class Telling(Objective):
    """A transformer with a frozen word table and a number for each text."""

    divisible = True

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
        still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
        self.inner = BertModel(BertConfig(vocab_size=20, **shape, **still), add_pooling_layer=False)
        self.inner.embeddings.requires_grad_(False)
        self.head = nn.Linear(16, 1)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": ((self.head(self.inner(input_ids=x)[0].mean(1)).squeeze(-1) - y) ** 2).mean()}


class Texts:
    def __init__(self, spoilt: Path | None = None) -> None:
        self.spoilt = spoilt

    def __len__(self) -> int:
        return 12

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        if place == 9 and self.spoilt and not self.spoilt.exists():
            self.spoilt.touch()
            raise ModelError("broken off")
        x = torch.randint(20, (4, 6), generator=torch.Generator().manual_seed(place))
        return {"x": x, "y": x.float().mean(1) / 10}


def learned(folder: Path, resources: Resources, batches: Texts, **average: Any) -> tuple[Telling, Curves]:
    made = Telling()

    def closeness() -> float:
        with torch.no_grad():
            return -float(made(**Texts()[0])["loss"])

    plan = Plan("full", 6, 4, 2, 2, 0.01, "adamw", 0.1, 0.0, 0.0, 99, 7, 1, resources=resources, **average)
    return made, fit(made, batches, plan, folder, validate=closeness, watched="closeness", progress=SilentProgress())


PARTED = Resources(precision="fp32", processes=2, sharding="fsdp", gradient_checkpointing=True)


@pytest.mark.usefixtures("a_processor_for_a_card")
def test_parted_weights_end_as_whole_ones_do_and_go_on_from_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parted, curves = learned(tmp_path / "parted", PARTED, Texts())
    with pytest.raises(ModelError, match="broken off"):
        learned(tmp_path / "run", PARTED, Texts(tmp_path / "spoilt"))
    resumed, again = learned(tmp_path / "run", PARTED, Texts(tmp_path / "spoilt"))
    monkeypatch.undo()
    alone, curve = learned(tmp_path / "alone", Resources(precision="fp32"), Texts())
    assert again.resumed_from >= 2
    for name, value in alone.state_dict().items():
        torch.testing.assert_close(parted.state_dict()[name], value, rtol=1e-4, atol=1e-5, msg=name)
        torch.testing.assert_close(resumed.state_dict()[name], value, rtol=1e-4, atol=1e-5, msg=name)
    for (step, value), (other, theirs) in zip(curves.validation, curve.validation, strict=True):
        assert (step, value) == (other, pytest.approx(theirs, rel=1e-4))


@pytest.mark.parametrize("average", [{"ema": 0.9}, {"checkpoints": 2}])
def test_an_average_of_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, average: Any) -> None:
    monkeypatch.setattr(trainer, "require", lambda resources: None)
    with pytest.raises(ConfigError, match="no average"):
        learned(tmp_path, PARTED, Texts(), **average)
