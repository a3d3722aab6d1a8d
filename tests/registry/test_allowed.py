"""Only plain data is let in: a disguise does not help."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import ArtefactError
from tradewind.registry.allowed import ENDINGS, check_allowed, is_tolerated


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ending", [".pkl", ".pt", ".bin", ".pth", ".joblib", ".h5", ".py", ".so", "", ".sh", ".html"])
@pytest.mark.parametrize("kind", sorted(ENDINGS))
def test_an_ending_that_is_not_on_the_list_is_refused_by_name(tmp_path: Path, kind: str, ending: str) -> None:
    path = written(tmp_path, f"weights{ending}", b"harmless")
    with pytest.raises(ArtefactError, match=f"weights{ending}: a file that {kind} artefacts may not hold"):
        check_allowed(kind, path.name, path)


@settings(max_examples=20)
@given(
    value=st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5),
    protocol=st.integers(2, 5),
    ending=st.sampled_from([".onnx", ".onnx.data", ".txt", ".usearch", ".json", ".npy", ".safetensors"]),
)
def test_a_pickle_is_refused_under_any_ending(
    tmp_path_factory: pytest.TempPathFactory, value: object, protocol: int, ending: str
) -> None:
    path = written(tmp_path_factory.mktemp("disguised"), f"model{ending}", pickle.dumps(value, protocol))
    kind = "index" if ending == ".usearch" else "encoder"
    with pytest.raises(ArtefactError, match="a pickle is refused"):
        check_allowed(kind, path.name, path)


def test_an_array_of_objects_is_refused_and_one_of_numbers_is_not(tmp_path: Path) -> None:
    for name, array in (("good.npy", np.zeros((2, 3), np.int8)), ("bad.npy", np.array([{"a": 1}], dtype=object))):
        np.save(tmp_path / name, array, allow_pickle=True)
    check_allowed("index", "good.npy", tmp_path / "good.npy")
    with pytest.raises(ArtefactError, match=r"bad\.npy"):
        check_allowed("index", "bad.npy", tmp_path / "bad.npy")


def test_a_zip_archive_is_refused_under_another_name(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("data.pkl", b"x")
    with pytest.raises(ArtefactError, match="an archive"):
        check_allowed("encoder", "model.onnx", written(tmp_path, "model.onnx", packed.getvalue()))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.safetensors", b"\xff" * 16),
        ("model.safetensors", b"\x10\0\0\0\0\0\0\0{}"),
        ("vectors.npy", b"not an array"),
        ("tokenizer.json", b"import os"),
        ("tokenizer.json", b""),
    ],
)
def test_a_file_that_is_not_what_its_ending_says_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    with pytest.raises(ArtefactError, match="not what its ending"):
        check_allowed("encoder", name, written(tmp_path, name, content))


def test_only_an_empty_lock_of_the_index_library_is_tolerated(tmp_path: Path) -> None:
    lock = written(tmp_path, ".tantivy-meta.lock", b"")
    assert is_tolerated("index", lock.name, lock)
    assert not is_tolerated("encoder", lock.name, lock)
    lock.write_bytes(b"x")
    assert not is_tolerated("index", lock.name, lock)
    assert not is_tolerated("index", "other.lock", written(tmp_path, "other.lock", b""))
