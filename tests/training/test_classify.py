"""A whole short run of `classify`: it beats chance on kinds it never saw, and saves a head that reads plain vectors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.heads import load_head
from tradewind.models.pretrained import Checkpoint
from tradewind.runtime.bundle import HEAD_FILE, LABELS_FILE
from tradewind.settings import Shop
from tradewind.telemetry import SilentProgress
from tradewind.training import classify
from tradewind.training.plan import Budget

TINY = dataclasses.replace(classify.EFFORTS["quick"], head=Budget(60, 16, 20), tuning=Budget(12, 8, 6))


@pytest.mark.parametrize("method", ["head", "full", "lora"])
def test_a_run_leaves_a_classifier_that_the_runtime_can_read(
    method: str,
    make_shop: Callable[..., Shop],
    snapshot: Any,
    checkpoint: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(classify.EFFORTS, "quick", TINY)
    shop = make_shop(classify={"method": method, "learning_rate": 0.01})
    result = classify.train(shop, snapshot, checkpoint, tmp_path / "out", SilentProgress())
    assert {classify.NGRAMS, classify.TUNED, "random", "commonest class"} <= set(result.tables[0].rows)
    assert (result.folder / HEAD_FILE).is_file() and (result.folder / LABELS_FILE).is_file()
    weight, bias, labels = load_head(result.folder)
    assert set(labels) == {"dairy", "bakery"}
    texts = ["milk, 1 oz", "bread, 2 oz"]
    logits = load_bi_encoder(result.folder).encode(texts, "passage") @ weight.T + bias
    assert logits.shape == (2, 2) and np.isfinite(logits).all()
    if method == "head":
        before = load_bi_encoder(checkpoint.folder).encode(texts, "passage")
        assert np.array_equal(before, load_bi_encoder(result.folder).encode(texts, "passage"))
    curves = result.report.read_text(encoding="utf-8")
    assert "macro-F1" in curves and "Made up for a test." in curves
