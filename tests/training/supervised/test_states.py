"""Runs that cut the encoder at the same place share what lies below, and others do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.telemetry import SilentProgress
from tradewind.training.supervised.states import RowStates, states_kept

IDS = [[2, 6, 9], [2, 6, 10, 11], [2, 6]]


def read(encoder: BiEncoder, cut: int, folder: Path, ids: list[list[int]] | None = None) -> np.ndarray:
    states = RowStates(encoder, ids or IDS, cut, folder / "states.npy", SilentProgress())
    return states.batch([0, 1, 2])[0].numpy()


def test_states_are_read_once_for_the_same_weights_cut_and_texts(checkpoint: Checkpoint, tmp_path: Path) -> None:
    encoder = load_bi_encoder(checkpoint.folder)
    alone = read(encoder, 1, tmp_path / "alone")
    kept = tmp_path / "kept"
    with states_kept(kept):
        assert np.array_equal(read(encoder, 1, tmp_path), alone)
        (file,) = kept.glob("*.npy")
        written = file.stat().st_mtime_ns
        assert np.array_equal(read(load_bi_encoder(checkpoint.folder), 1, tmp_path), alone)
        assert file.stat().st_mtime_ns == written
        assert len(list(kept.iterdir())) == 1
        read(encoder, 2, tmp_path)
        read(encoder, 1, tmp_path, [[2, 6, 9], [2, 6, 10], [11, 2]])
        with torch.no_grad():
            next(encoder.parameters()).mul_(3.0)
        assert not np.array_equal(read(encoder, 1, tmp_path), alone)
        assert len(list(kept.iterdir())) == 4
    assert not kept.exists()
    assert not (tmp_path / "states.npy").exists()
