"""A task that is served says at once that a method's result cannot be, and not after an hour of learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tradewind.compression.export import export_encoder
from tradewind.compression.merge import plain_checkpoint
from tradewind.errors import ConfigError, ModelError
from tradewind.models.bi_encoder import save_bi_encoder
from tradewind.telemetry import SilentProgress
from tradewind.training import classify, match
from tradewind.training.tuning import merging

APART = ["adapter", "prefix", "prompt"]


def test_the_methods_whose_result_merges_are_known() -> None:
    assert merging() == ["adalora", "full", "head", "ia3", "lora", "partial"]


@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize("task", [classify, match], ids=["classify", "match"])
def test_a_served_task_refuses_what_does_not_merge_before_it_starts(
    task: Any, name: str, make_shop: Any, snapshot: Any, checkpoint: Any, tmp_path: Path
) -> None:
    task_name = task.__name__.rpartition(".")[2]
    shop = make_shop(**{task_name: {"method": name}})
    with pytest.raises(ConfigError, match=f"{name}.*methods whose result merges: adalora, full, head"):
        task.train(shop, snapshot, checkpoint, tmp_path, SilentProgress())
    assert not list(tmp_path.glob("checkpoints"))


@pytest.mark.parametrize("name", APART)
def test_the_exporter_refuses_what_does_not_merge(name: str, make_cell: Any, checkpoint: Any, tmp_path: Path) -> None:
    cell = make_cell("bert", name, "vectors")
    cell.tuning.finish(cell.active)
    folder = save_bi_encoder(cell.encoder, checkpoint.folder, tmp_path / "tuned")
    with pytest.raises(ModelError, match="whose result merges"):
        plain_checkpoint(folder, tmp_path / "plain")
    with pytest.raises(ModelError, match="whose result merges"):
        export_encoder(folder, tmp_path / "bundle", {"query": "", "passage": "", "together": ""}, 16)


def test_options_reach_the_method_through_the_shop(
    make_shop: Any, snapshot: Any, checkpoint: Any, tmp_path: Path
) -> None:
    shop = make_shop(classify={"method": "lora", "method_options": {"ranks": 4}})
    with pytest.raises(ConfigError, match="did you mean 'rank'"):
        classify.train(shop, snapshot, checkpoint, tmp_path, SilentProgress())
