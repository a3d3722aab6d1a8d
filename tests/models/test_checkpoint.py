"""Model folders: what is refused before anything is loaded, and that writing is exact."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tradewind.errors import ModelError
from tradewind.models.checkpoint import read_weights, require_checkpoint, write_weights
from tradewind.models.e5 import read_e5


@pytest.fixture
def folder(tmp_path: Path, e5_file: Callable[[bytes], Path], e5_raw: bytes) -> Path:
    made = tmp_path / "model"
    made.mkdir()
    write_weights(read_e5(e5_file(e5_raw)), made)
    return made


def test_what_is_written_is_read_back_and_written_again_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    write_weights(read_weights(folder), again)
    for name in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"):
        assert (folder / name).read_bytes() == (again / name).read_bytes()


def test_pickled_weights_are_refused_with_the_way_out(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"can run code when it is read.*save_pretrained"):
        require_checkpoint(folder)


def test_a_model_with_code_of_its_own_is_refused(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text()) | {"auto_map": {"AutoModel": "modeling.Mine"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="code of its own"):
        require_checkpoint(folder)


def test_a_missing_part_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json is not there"):
        require_checkpoint(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_part_is_one_readable_error(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x00garbage")
    with pytest.raises(ModelError, match=name):
        read_weights(folder)


def test_weights_load_as_float32(folder: Path) -> None:
    assert all(tensor.dtype == np.float32 for tensor in read_weights(folder).tensors.values())
