"""The map from what an item is to what is bought with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tradewind.errors import ModelError
from tradewind.runtime.role_map import RoleMap
from tradewind.settings import LearnSettings
from tradewind.telemetry import SilentProgress
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.together_map import Bought, fit_together, map_plan
from tradewind.training.tuning import method

TEXTS, WIDTH = 40, 64


def _plan(steps: int | None) -> Plan:
    learn = LearnSettings(threads=1)
    return replace(map_plan(plan_run(learn.match, learn, Budget(1, 2, 1), method("full")), steps), batch_size=64)


def _partners(seed: int = 0) -> Bought:
    """Texts in a narrow cone, as a pretrained encoder gives them; text n is bought with text n + 1."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(TEXTS, WIDTH)) * 0.3 + 2.0
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    left = random.integers(0, TEXTS, 5000)
    return Bought(vectors, vectors, left, (left + 1) % TEXTS)


def _found(bought: Bought, role_map: RoleMap | None) -> float:
    """Returns how many texts have their partner among the first three."""
    asked = role_map.apply(bought.anchors) if role_map else bought.anchors
    first = np.argsort(-(asked @ bought.passages.T), axis=1)[:, :3]
    return float(np.mean([(n + 1) % TEXTS in first[n] for n in range(TEXTS)]))


def test_the_map_finds_what_is_bought_with_a_text_where_the_texts_alone_do_not(tmp_path: Path) -> None:
    bought = _partners()
    learned, curves = fit_together(
        bought, _plan(300), tmp_path, lambda found: _found(bought, found), "pairs", SilentProgress()
    )
    assert _found(bought, learned) >= 0.9 > _found(bought, None) + 0.5
    assert curves.loss[-1][1] < curves.loss[0][1]


def test_the_same_seed_gives_the_same_map(tmp_path: Path) -> None:
    bought = _partners()
    maps = [
        fit_together(bought, _plan(20), tmp_path / name, lambda found: 0.0, "pairs", SilentProgress())[0]
        for name in ("one", "two")
    ]
    assert np.array_equal(maps[0].weight, maps[1].weight)


def test_without_pairs_there_is_nothing_to_learn(tmp_path: Path) -> None:
    none = np.zeros(0, np.int64)
    bought = replace(_partners(), left=none, right=none)
    with pytest.raises(ModelError, match="no examples"):
        fit_together(bought, _plan(5), tmp_path, lambda found: 0.0, "none", SilentProgress())
