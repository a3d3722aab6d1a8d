"""A student comes nearer to its teacher on texts it never saw, keeps its best weights, and goes on after a stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from tradewind.compression.pruning.layers import prune_layers
from tradewind.errors import DataError, ModelError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.runtime.role_map import RoleMap, read_role_map, write_role_map
from tradewind.telemetry import SilentProgress
from tradewind.training.distil.run import Distilled, distil
from tradewind.training.distil.settings import DistilSettings, distil_plan
from tradewind.training.distil.teacher import Teacher

SETTINGS = DistilSettings(held_out=5, max_tokens=12)
PLAN = distil_plan(60, batch_size=16, learning_rate=5e-3, evaluations=4)


def run(teacher: Teacher, student: Path, texts: list[str], out: Path, steps: int = 60, **settings: object) -> Distilled:
    plan = PLAN if steps == 60 else distil_plan(steps, batch_size=16, learning_rate=5e-3, evaluations=2)
    chosen = DistilSettings(**{"held_out": 5, "max_tokens": 12, **settings})  # type: ignore[arg-type]
    return distil(teacher, student, texts, plan, out, progress=SilentProgress(), settings=chosen)


@pytest.fixture
def student(teacher: Teacher, tmp_path: Path) -> Path:
    return prune_layers(teacher.folder, 2, tmp_path / "pruned")


def test_it_comes_nearer_on_held_out_texts_in_both_roles(
    teacher: Teacher, student: Path, texts: list[str], tmp_path: Path
) -> None:
    found = run(teacher, student, texts, tmp_path / "run")
    for role in ("query", "passage"):
        assert found.figures[f"cosine {role}"] > found.figures[f"cosine {role}, before"]
    lost = [1 - found.figures[name] for name in ("cosine query", "cosine query, before")]
    assert lost[0] < 0.5 * lost[1]
    assert found.curves.loss[-1][1] < found.curves.loss[0][1]
    saved = load_bi_encoder(found.folder, max_tokens=12).encode(texts, "query")
    wanted = load_bi_encoder(teacher.folder, max_tokens=12).encode(texts, "query")
    before = load_bi_encoder(student, max_tokens=12).encode(texts, "query")
    assert (saved * wanted).sum() > (before * wanted).sum()


def test_only_the_blocks_that_may_move_do(teacher: Teacher, student: Path, texts: list[str], tmp_path: Path) -> None:
    found = run(teacher, student, texts, tmp_path / "run", steps=4, blocks=1)
    before, after = (load_file(folder / "model.safetensors") for folder in (student, found.folder))
    moved = {name for name in after if not np.array_equal(before[name], after[name])}
    assert moved
    assert all(name.startswith("encoder.layer.1.") for name in moved)


def test_the_same_seed_gives_the_same_student(
    teacher: Teacher, student: Path, texts: list[str], tmp_path: Path
) -> None:
    first, second = (run(teacher, student, texts, tmp_path / name, steps=6).folder for name in ("a", "b"))
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()


def test_queries_are_learned_as_queries_alone(
    teacher: Teacher, student: Path, texts: list[str], tmp_path: Path
) -> None:
    words = ["green", "soap", "organic dry", "small apple tea"]
    settings = DistilSettings(held_out=5, max_tokens=12, roles=("query",))
    plan = distil_plan(2, batch_size=16, evaluations=1)
    found = distil(
        teacher, student, texts, plan, tmp_path / "q", progress=SilentProgress(), queries=words, settings=settings
    )
    assert not [name for name in found.figures if "passage" in name]
    rows = {path.name.partition("-")[0]: len(np.load(path)) for path in (tmp_path / "q/teacher").glob("*.npy")}
    assert rows == {"query": len(texts) + len(words), "passage": len(texts)}


def test_the_map_of_the_role_together_goes_with_the_student(teacher: Teacher, texts: list[str], tmp_path: Path) -> None:
    role_map = RoleMap(np.eye(16, dtype=np.float32)[::-1].copy(), np.zeros(16, np.float32))
    write_role_map(role_map, teacher.folder)
    student = prune_layers(teacher.folder, 2, tmp_path / "mapped")
    found = run(teacher, student, texts, tmp_path / "run", steps=40, roles=("together", "passage"))
    kept = read_role_map(found.folder, 16)
    assert kept is not None
    np.testing.assert_array_equal(kept.weight, role_map.weight)
    ours, theirs = (
        load_bi_encoder(folder, max_tokens=12).encode(texts, "together") for folder in (found.folder, teacher.folder)
    )
    assert (ours * theirs).sum(axis=1).mean() == pytest.approx(found.figures["cosine together"], abs=0.05)


def test_too_few_texts_and_another_width_are_told(
    teacher: Teacher, student: Path, texts: list[str], tmp_path: Path, write: Callable[..., Path]
) -> None:
    with pytest.raises(DataError, match="too few to distil by"):
        run(teacher, student, texts[:5], tmp_path / "few")
    with pytest.raises(ModelError, match="8 dimensions cannot learn vectors of 16"):
        run(teacher, write("narrow", width=8), texts, tmp_path / "other")


def test_what_was_interrupted_goes_on(
    teacher: Teacher, student: Path, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tradewind.training.distil import objective

    whole = run(teacher, student, texts, tmp_path / "whole", steps=8)
    calls, forward = [], objective.Distillation.forward

    def stopping(self: objective.Distillation, *given: object, **named: object) -> object:
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return forward(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(objective.Distillation, "forward", stopping)
    with pytest.raises(KeyboardInterrupt):
        run(teacher, student, texts, tmp_path / "broken", steps=8)
    monkeypatch.setattr(objective.Distillation, "forward", forward)
    resumed = run(teacher, student, texts, tmp_path / "broken", steps=8)
    assert resumed.curves.resumed_from == 4
    assert (resumed.folder / "model.safetensors").read_bytes() == (whole.folder / "model.safetensors").read_bytes()
    assert json.loads((resumed.folder / "config.json").read_text())["num_hidden_layers"] == 2
