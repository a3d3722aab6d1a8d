"""A small set of files to publish, and a key to sign it with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tradewind.registry.keys import KeyPair, ensure_keypair


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return ensure_keypair(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An encoder's folder: plain bytes for the model, as nothing here opens it."""
    folder = tmp_path / "bundle"
    (folder / "extra").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"\x08\x0a" + bytes(range(200)))
    (folder / "encoder.json").write_text(json.dumps({"dimension": 8}), encoding="utf-8")
    (folder / "extra" / "items.txt").write_text("茶壶\nteapot\n", encoding="utf-8")
    np.save(folder / "vectors.npy", np.arange(12, dtype=np.float32))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "artefacts"
