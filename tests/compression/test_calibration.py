"""Calibration sees what the layers read, the same every time; moving scales about leaves the encoder what it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tradewind.compression.bert import BertGraph, plain_names
from tradewind.compression.calibrated import CalibratedLinear, factors, folded
from tradewind.compression.calibration import LEAST_SHARE, Calibration, calibrate
from tradewind.compression.linear import FloatLinear
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.checkpoint import EncoderWeights, read_weights
from tradewind.runtime.bundle import INPUT
from tradewind.runtime.session import open_session

TOKENS = [[0, *row, 2] for row in np.random.default_rng(3).integers(4, 14, (24, 5)).tolist()]
LAYERS = 2


@pytest.fixture
def checkpoint(tiny: Callable[..., Path]) -> Path:
    return tiny()


@pytest.fixture
def weights(checkpoint: Path) -> EncoderWeights:
    return read_weights(checkpoint)


@pytest.fixture
def seen(weights: EncoderWeights) -> Calibration:
    return calibrate(weights, TOKENS)


def test_what_is_recorded_is_the_largest_that_torch_gives_each_channel(checkpoint: Path, seen: Calibration) -> None:
    model = load_bi_encoder(checkpoint, prefixes={}, max_tokens=24).model.eval()
    with torch.no_grad():
        states = model(input_ids=torch.tensor(TOKENS), output_hidden_states=True).hidden_states
    largest = states[1].abs().amax(dim=(0, 1)).numpy()
    found = seen.largest["encoder.layer.1.attention.self"]
    # Calibration reads the word table in bytes, as the exported encoder does.
    assert found == pytest.approx(np.maximum(largest, LEAST_SHARE * largest.max()), rel=0.05)


def test_every_layer_is_recorded_and_the_same_texts_give_the_same_figures(
    weights: EncoderWeights, seen: Calibration
) -> None:
    again = calibrate(weights, TOKENS)
    assert len(seen.largest) == 4 * LAYERS
    assert all(np.array_equal(again.largest[name], row) for name, row in seen.largest.items())


def test_folding_scales_into_the_value_layers_changes_no_answer(
    weights: EncoderWeights, seen: Calibration, tmp_path: Path
) -> None:
    tensors, calibration = folded(plain_names(weights.tensors), seen, LAYERS)
    before = _vectors(BertGraph(weights.tensors, weights.config, FloatLinear()), tmp_path / "before.onnx")
    after = _vectors(BertGraph(tensors, weights.config, FloatLinear()), tmp_path / "after.onnx")
    assert np.abs(after - before).max() < 1e-5
    name = "encoder.layer.0.attention.output.dense"
    assert np.abs(calibration.largest[name] / seen.largest[name] - 1.0).max() > 0.1


def test_a_folded_layer_costs_no_product_of_its_own(weights: EncoderWeights, seen: Calibration, tmp_path: Path) -> None:
    """A layer reads channels made even in three of its four products; the fourth is even already."""
    tensors, calibration = folded(plain_names(weights.tensors), seen, LAYERS)
    for graph, evened in (
        (BertGraph(tensors, weights.config, CalibratedLinear(calibration)), 3),
        (BertGraph(weights.tensors, weights.config, CalibratedLinear(seen)), 4),
    ):
        graph.save(tmp_path / "model.onnx")
        nodes = onnx.load(tmp_path / "model.onnx", load_external_data=False).graph.node
        products = [node for node in nodes if node.op_type == "Mul" and any("even" in name for name in node.input)]
        assert len(products) == evened * LAYERS


@given(seed=st.integers(0, 1000))
def test_factors_that_were_moved_already_are_one(seed: int) -> None:
    chance = np.random.default_rng(seed)
    largest = np.exp(chance.normal(size=6)).astype(np.float32)
    weight = chance.normal(size=(6, 5)).astype(np.float32)
    factor = factors(largest, weight)
    assert factors(largest / factor, weight * factor[:, None]) == pytest.approx(np.ones(6), rel=1e-4)


def _vectors(graph: BertGraph, path: Path) -> np.ndarray:
    graph.save(path)
    vectors: np.ndarray = open_session(path, 1).run(None, {INPUT: np.asarray(TOKENS, np.int64)})[0]
    return vectors
