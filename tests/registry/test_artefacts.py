"""An artefact is published whole or not at all, and opened only when no byte of it was touched."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradewind.errors import ArtefactError, NotFoundError
from tradewind.registry import artefacts
from tradewind.registry.artefacts import Artefact, inspect, load, publish
from tradewind.registry.keys import KeyPair, ensure_keypair
from tradewind.registry.layout import artefact_names, versions
from tradewind.registry.manifest import ManifestFacts

FACTS = ManifestFacts(
    parents=("encoder/base/x",),
    snapshot="ab12",
    config={"learning_rate": 0.001},
    metrics={"recall@20": 0.5, "说明": "离线"},
    profile={"single_ms": 4.2},
    weights="package:e5",
    licence="MIT",
    notice="simulated",
)


def published(root: Path, bundle: Path, keys: KeyPair, kind: str = "encoder") -> Artefact:
    return publish(root, kind, "match", bundle, FACTS, keys.private)


def reopened(root: Path, artefact: Artefact, keys: KeyPair) -> Artefact:
    return load(root, artefact.kind, artefact.name, artefact.version, keys.public)


def test_what_was_published_is_loaded_with_its_facts(root: Path, bundle: Path, keys: KeyPair) -> None:
    artefact = published(root, bundle, keys)
    again = reopened(root, artefact, keys)
    assert again == artefact
    assert set(again.manifest.files) == {"model.onnx", "encoder.json", "extra/items.txt", "vectors.npy"}
    assert (again.path / "extra" / "items.txt").read_text(encoding="utf-8") == "茶壶\nteapot\n"
    assert again.manifest.snapshot == "ab12"
    assert again.manifest.parents == ["encoder/base/x"]
    assert again.manifest.metrics["说明"] == "离线"
    assert again.manifest.libraries["numpy"] == np.__version__
    assert again.manifest.size == sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
    assert versions(root, "encoder", "match") == [artefact.version]
    assert artefact_names(root) == [("encoder", "match")]


def test_the_same_files_published_twice_are_two_versions_in_order_of_time(
    root: Path, bundle: Path, keys: KeyPair
) -> None:
    first, second = published(root, bundle, keys), published(root, bundle, keys)
    assert versions(root, "encoder", "match") == [first.version, second.version]
    assert first.version[-12:] == second.version[-12:]


def test_a_later_change_of_the_source_folder_does_not_reach_the_artefact(
    root: Path, bundle: Path, keys: KeyPair
) -> None:
    artefact = published(root, bundle, keys)
    (bundle / "encoder.json").write_text("{}", encoding="utf-8")
    shutil.rmtree(bundle / "extra")
    assert reopened(root, artefact, keys).manifest == artefact.manifest


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, keys: KeyPair) -> tuple[Path, Artefact]:
    bundle = tmp_path_factory.mktemp("sealed") / "bundle"
    bundle.mkdir()
    (bundle / "model.onnx").write_bytes(b"\x08" + bytes(100))
    (bundle / "encoder.json").write_text('{"dimension": 8}', encoding="utf-8")
    root = tmp_path_factory.mktemp("registry")
    return root, publish(root, "encoder", "match", bundle, FACTS, keys.private)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_of_any_file_is_refused(
    sealed: tuple[Path, Artefact], keys: KeyPair, data: st.DataObject
) -> None:
    root, artefact = sealed
    files = sorted(path for path in artefact.path.rglob("*") if path.is_file())
    path = data.draw(st.sampled_from(files))
    original = path.read_bytes()
    bit = data.draw(st.integers(0, 8 * len(original) - 1))
    changed = bytearray(original)
    changed[bit // 8] ^= 1 << bit % 8
    path.chmod(0o644)
    path.write_bytes(bytes(changed))
    try:
        with pytest.raises(ArtefactError):
            reopened(root, artefact, keys)
    finally:
        path.write_bytes(original)
    assert reopened(root, artefact, keys).manifest == artefact.manifest


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_short_or_made_longer_is_refused(
    sealed: tuple[Path, Artefact], keys: KeyPair, data: st.DataObject
) -> None:
    root, artefact = sealed
    path = data.draw(st.sampled_from(sorted(path for path in artefact.path.rglob("*") if path.is_file())))
    original = path.read_bytes()
    changed = data.draw(
        st.one_of(st.just(original + b"\0"), st.integers(0, len(original) - 1).map(lambda n: original[:n]))
    )
    path.chmod(0o644)
    path.write_bytes(changed)
    try:
        with pytest.raises(ArtefactError):
            reopened(root, artefact, keys)
    finally:
        path.write_bytes(original)


def test_a_missing_file_is_refused_by_name(root: Path, bundle: Path, keys: KeyPair) -> None:
    artefact = published(root, bundle, keys)
    (artefact.path / "model.onnx").unlink()
    with pytest.raises(ArtefactError, match=r"model\.onnx.*not there"):
        reopened(root, artefact, keys)


def test_an_unsigned_artefact_is_refused(root: Path, bundle: Path, keys: KeyPair) -> None:
    artefact = published(root, bundle, keys)
    (artefact.path / "manifest.sig").unlink()
    with pytest.raises(ArtefactError, match="not signed"):
        reopened(root, artefact, keys)


def test_an_artefact_signed_by_another_key_is_refused(root: Path, bundle: Path, keys: KeyPair, tmp_path: Path) -> None:
    stranger = ensure_keypair(tmp_path / "stranger")
    artefact = published(root, bundle, stranger)
    for opening in (load, inspect):
        with pytest.raises(ArtefactError, match="another key"):
            opening(root, "encoder", "match", artefact.version, keys.public)


def test_a_manifest_rewritten_to_fit_altered_files_is_refused(root: Path, bundle: Path, keys: KeyPair) -> None:
    artefact = published(root, bundle, keys)
    path = artefact.path / "manifest.json"
    said = json.loads(path.read_text(encoding="utf-8"))
    said["licence"] = "none"
    path.chmod(0o644)
    path.write_text(json.dumps(said), encoding="utf-8")
    with pytest.raises(ArtefactError, match="signature does not hold"):
        reopened(root, artefact, keys)


def test_an_artefact_moved_to_another_name_is_refused(root: Path, bundle: Path, keys: KeyPair) -> None:
    artefact = published(root, bundle, keys)
    shutil.copytree(artefact.path, root / "classifier" / "category" / artefact.version)
    with pytest.raises(ArtefactError, match=f"that of encoder/match/{artefact.version}"):
        load(root, "classifier", "category", artefact.version, keys.public)


def test_an_extra_file_is_refused_by_name(root: Path, bundle: Path, keys: KeyPair) -> None:
    artefact = published(root, bundle, keys)
    (artefact.path / "extra" / "more.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ArtefactError, match=r"more\.json.*does not list"):
        reopened(root, artefact, keys)


@pytest.mark.parametrize("made", ["file", "folder", "dangling"])
def test_a_symbolic_link_is_refused_at_load_and_at_publish(root: Path, bundle: Path, keys: KeyPair, made: str) -> None:
    artefact = published(root, bundle, keys)
    targets = {"file": artefact.path / "encoder.json", "folder": artefact.path / "extra", "dangling": Path("/nowhere")}
    for place in (artefact.path, bundle):
        (place / "link.json").symlink_to(targets[made])
    with pytest.raises(ArtefactError, match=r"link\.json: a symbolic link"):
        reopened(root, artefact, keys)
    with pytest.raises(ArtefactError, match=r"link\.json: a symbolic link"):
        published(root, bundle, keys)


@pytest.mark.parametrize("own", ["manifest.json", "manifest.sig"])
def test_a_linked_manifest_or_signature_is_refused(root: Path, bundle: Path, keys: KeyPair, own: str) -> None:
    artefact = published(root, bundle, keys)
    elsewhere = root / own
    (artefact.path / own).rename(elsewhere)
    (artefact.path / own).symlink_to(elsewhere)
    with pytest.raises(ArtefactError, match=own):
        reopened(root, artefact, keys)


def test_a_linked_version_is_refused(root: Path, bundle: Path, keys: KeyPair, tmp_path: Path) -> None:
    artefact = published(root, bundle, keys)
    artefact.path.rename(tmp_path / "away")
    artefact.path.symlink_to(tmp_path / "away")
    with pytest.raises(ArtefactError, match="symbolic link"):
        reopened(root, artefact, keys)
    assert versions(root, "encoder", "match") == []


@pytest.mark.parametrize("word", ["..", "../x", "/etc", "a/b", "", ".hidden", "Match", "a\0b"])
def test_a_name_that_leads_outside_is_refused(root: Path, bundle: Path, keys: KeyPair, word: str) -> None:
    with pytest.raises(ArtefactError):
        publish(root, "encoder", word, bundle, FACTS, keys.private)
    with pytest.raises(ArtefactError):
        publish(root, word, "match", bundle, FACTS, keys.private)
    published(root, bundle, keys)
    with pytest.raises(ArtefactError):
        load(root, "encoder", "match", word, keys.public)


def test_a_signed_manifest_that_lists_a_path_outside_is_refused(
    root: Path, bundle: Path, keys: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    artefact = published(root, bundle, keys)
    entry = artefact.manifest.files["encoder.json"]
    forged = artefact.manifest.model_copy(update={"files": {**artefact.manifest.files, "../../evil.json": entry}})
    for name, content in (("manifest.json", forged.to_bytes()), ("manifest.sig", keys.private.sign(forged.to_bytes()))):
        (artefact.path / name).chmod(0o644)
        (artefact.path / name).write_bytes(content)
    with pytest.raises(ArtefactError, match="a path outside"):
        reopened(root, artefact, keys)


def test_a_version_that_is_not_there_is_named_with_the_newest_ones(root: Path, bundle: Path, keys: KeyPair) -> None:
    artefact = published(root, bundle, keys)
    absent = "20200101T000000.000000Z-0123456789ab"
    with pytest.raises(NotFoundError, match=artefact.version):
        load(root, "encoder", "match", absent, keys.public)


def test_a_refused_file_leaves_no_version_and_no_draft(root: Path, bundle: Path, keys: KeyPair) -> None:
    (bundle / "weights.pt").write_bytes(pickle.dumps({"w": 1}))
    with pytest.raises(ArtefactError, match=r"weights\.pt"):
        published(root, bundle, keys)
    assert list((root / "encoder" / "match").iterdir()) == []


def test_an_empty_folder_is_not_published(root: Path, tmp_path: Path, keys: KeyPair) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArtefactError, match="no file"):
        published(root, tmp_path / "empty", keys)


def test_a_disk_that_fills_while_publishing_is_an_error_and_leaves_nothing(
    root: Path, bundle: Path, keys: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = published(root, bundle, keys)

    def full(_source: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artefacts, "copy_synced", full)
    with pytest.raises(ArtefactError, match="No space left"):
        published(root, bundle, keys)
    assert [path.name for path in (root / "encoder" / "match").iterdir()] == [kept.version]


def test_a_fact_that_json_cannot_say_is_an_error(root: Path, bundle: Path, keys: KeyPair) -> None:
    with pytest.raises(ArtefactError, match="cannot say"):
        publish(root, "encoder", "match", bundle, ManifestFacts(metrics={"loss": float("nan")}), keys.private)
