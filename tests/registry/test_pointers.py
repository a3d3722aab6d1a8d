"""A pointer moves in one step, remembers where it was, and never points at what cannot be opened."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import ArtefactError, NotFoundError
from tradewind.registry import pointers
from tradewind.registry.artefacts import publish
from tradewind.registry.keys import KeyPair
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import current, history, promote, rollback


@pytest.fixture
def three(root: Path, bundle: Path, keys: KeyPair) -> list[str]:
    return [publish(root, "encoder", "match", bundle, ManifestFacts(), keys.private).version for _ in range(3)]


def test_nothing_serves_before_the_first_promotion(root: Path, three: list[str]) -> None:
    assert current(root, "encoder", "match") is None
    assert current(root, "index", "catalogue") is None
    assert history(root, "encoder", "match") == []


def test_promoted_versions_serve_and_are_rolled_back_one_by_one(root: Path, three: list[str]) -> None:
    for version in three:
        promote(root, "encoder", "match", version)
        assert current(root, "encoder", "match") == version
    assert rollback(root, "encoder", "match") == three[1]
    assert rollback(root, "encoder", "match") == three[0]
    assert current(root, "encoder", "match") == three[0]
    with pytest.raises(NotFoundError, match="no earlier version"):
        rollback(root, "encoder", "match")
    moves = [(move.action, move.version) for move in history(root, "encoder", "match")]
    assert moves == [
        ("promote", three[0]),
        ("promote", three[1]),
        ("promote", three[2]),
        ("rollback", three[1]),
        ("rollback", three[0]),
    ]


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(st.sampled_from([0, 1, 2, "back"]), max_size=12))
def test_the_pointer_behaves_like_a_stack(
    tmp_path_factory: pytest.TempPathFactory, keys: KeyPair, steps: list[int | str]
) -> None:
    root = tmp_path_factory.mktemp("stack")
    (root / "files").mkdir()
    (root / "files" / "encoder.json").write_text("{}", encoding="utf-8")
    known = [publish(root, "encoder", "m", root / "files", ManifestFacts(), keys.private).version for _ in range(3)]
    stack: list[str] = []
    for step in steps:
        if isinstance(step, int):
            promote(root, "encoder", "m", known[step])
            stack += [] if stack[-1:] == [known[step]] else [known[step]]
        elif len(stack) > 1:
            stack.pop()
            assert rollback(root, "encoder", "m") == stack[-1]
        assert current(root, "encoder", "m") == (stack[-1] if stack else None)


def test_promoting_what_serves_already_is_no_move(root: Path, three: list[str]) -> None:
    for _ in range(3):
        promote(root, "encoder", "match", three[0])
    assert len(history(root, "encoder", "match")) == 1


def test_an_absent_version_is_not_promoted_and_the_old_one_serves_on(root: Path, three: list[str]) -> None:
    promote(root, "encoder", "match", three[0])
    with pytest.raises(NotFoundError):
        promote(root, "encoder", "match", "20200101T000000.000000Z-0123456789ab")
    with pytest.raises(NotFoundError):
        rollback(root, "index", "catalogue")
    assert current(root, "encoder", "match") == three[0]


def test_an_altered_version_is_not_promoted_when_the_key_is_given(root: Path, three: list[str], keys: KeyPair) -> None:
    promote(root, "encoder", "match", three[0], keys.public)
    altered = root / "encoder" / "match" / three[1] / "model.onnx"
    altered.chmod(0o644)
    altered.write_bytes(b"\x08other")
    with pytest.raises(ArtefactError, match=r"model\.onnx"):
        promote(root, "encoder", "match", three[1], keys.public)
    assert current(root, "encoder", "match") == three[0]


def test_a_broken_or_linked_pointer_is_named(root: Path, three: list[str]) -> None:
    path = root / "encoder" / "match" / "pointer.json"
    path.write_text('{"serving": 3}', encoding="utf-8")
    with pytest.raises(ArtefactError, match=r"pointer\.json: not a pointer"):
        current(root, "encoder", "match")
    path.unlink()
    path.symlink_to(root / "elsewhere")
    with pytest.raises(ArtefactError, match=r"pointer\.json"):
        current(root, "encoder", "match")


def test_many_movers_at_once_lose_no_move(
    root: Path, bundle: Path, keys: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = [publish(root, "encoder", "match", bundle, ManifestFacts(), keys.private).version for _ in range(8)]
    read = pointers._read

    def slowly(folder: Path) -> object:
        found = read(folder)
        time.sleep(0.01)
        return found

    monkeypatch.setattr(pointers, "_read", slowly)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda version: promote(root, "encoder", "match", version), published))
    moves = history(root, "encoder", "match")
    assert sorted(move.version for move in moves) == sorted(published)
    assert moves[-1].version == current(root, "encoder", "match")
    assert list((root / "encoder" / "match").glob(".*")) == []
