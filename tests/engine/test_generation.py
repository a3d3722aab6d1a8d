from __future__ import annotations

import json
from pathlib import Path

import pytest

from tradewind.engine.generation import FILE, load_generation, load_part
from tradewind.errors import ArtefactError
from tradewind.registry.artefacts import Artefact, publish
from tradewind.registry.keys import KeyPair, ensure_keypair
from tradewind.registry.manifest import ManifestFacts


@pytest.fixture
def keys(tmp_path: Path) -> KeyPair:
    return ensure_keypair(tmp_path / "keys")


def published(root: Path, keys: KeyPair, kind: str, name: str, content: object) -> Artefact:
    files = root.parent / f"{kind}-files"
    files.mkdir(exist_ok=True)
    (files / (FILE if kind == "generation" else "facts.json")).write_text(json.dumps(content))
    return publish(root, kind, name, files, ManifestFacts(), keys.private)


def part(artefact: Artefact) -> dict[str, str]:
    return {"artefact": artefact.reference, "manifest_sha256": artefact.manifest_sha256}


def test_a_generation_names_its_parts_and_each_is_loaded_as_published(tmp_path: Path, keys: KeyPair) -> None:
    root = tmp_path / "artefacts"
    encoder = published(root, keys, "encoder", "match", {})
    index = published(root, keys, "index", "catalogue", {})
    content = {"encoder": part(encoder), "index": part(index), "sequence": None, "classifier": None}
    version = published(root, keys, "generation", "shop", content).version
    generation = load_generation(root, version, keys.public)
    assert load_part(root, generation.encoder, keys.public).path == encoder.path
    assert generation.sequence is None


def test_a_part_that_is_not_the_one_published_with_it_is_refused(tmp_path: Path, keys: KeyPair) -> None:
    root = tmp_path / "artefacts"
    encoder = published(root, keys, "encoder", "match", {})
    wrong = {**part(encoder), "manifest_sha256": "0" * 64}
    content = {"encoder": wrong, "index": wrong}
    version = published(root, keys, "generation", "shop", content).version
    with pytest.raises(ArtefactError, match="not the artefact"):
        load_part(root, load_generation(root, version, keys.public).encoder, keys.public)


@pytest.mark.parametrize(
    "content", [{}, [], {"encoder": "encoder/match/1"}, {"encoder": None, "index": None, "more": 1}]
)
def test_a_file_that_is_no_generation_is_refused(tmp_path: Path, keys: KeyPair, content: object) -> None:
    root = tmp_path / "artefacts"
    version = published(root, keys, "generation", "shop", content).version
    with pytest.raises(ArtefactError, match="not a generation"):
        load_generation(root, version, keys.public)
