"""A causal model of two layers with a tokenizer of its own, both random."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.testing.pretrained import tiny_causal


@pytest.fixture(scope="session")
def causal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_causal(tmp_path_factory.mktemp("causal"))
