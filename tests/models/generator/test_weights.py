"""A causal model is found by its name; terms are shown and accepted first, and nothing in a folder is ever run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tradewind.errors import ConfigError, MissingExtraError, ModelError
from tradewind.models.generator import packaged
from tradewind.models.generator.packaged import PackagedGenerator, packaged_generator, unpacked
from tradewind.models.generator.weights import resolve_generator

NAME = "gemma3-270m"


def test_a_folder_of_this_machine_is_taken(causal_folder: Path) -> None:
    assert resolve_generator(f"dir:{causal_folder}").folder == causal_folder


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "config.json, tokenizer.json is not there"),
        ({"config.json": "{}", "tokenizer.json": "{}", "pytorch_model.bin": "x"}, "safetensors is not there"),
        ({"config.json": '{"auto_map": {}}', "tokenizer.json": "{}", "model.safetensors": ""}, "code of its own"),
        ({"config.json": "{", "tokenizer.json": "{}", "model.safetensors": ""}, "not valid JSON"),
    ],
)
def test_a_folder_that_is_no_safe_model_is_refused(files: dict[str, str], reason: str, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ModelError, match=reason):
        resolve_generator(f"dir:{tmp_path}")


@pytest.mark.parametrize("spec", ["gemma", "", "package:gpt", "ftp:x"])
def test_a_name_that_means_nothing_is_told_what_would(spec: str) -> None:
    with pytest.raises(ModelError, match=f"package:{NAME}"):
        resolve_generator(spec)


def test_a_model_of_the_hub_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError, match="could not be had from the hub"):
        resolve_generator("hub:nobody/nothing-of-this-name")


def test_terms_of_its_own_are_accepted_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="accept_terms=True") as caught:
        resolve_generator(f"package:{NAME}", tmp_path)
    assert "https://ai.google.dev/gemma/terms" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def _installed(folder: Path, monkeypatch: pytest.MonkeyPatch, whole: bytes) -> PackagedGenerator:
    for number, piece in enumerate((whole[:3], whole[3:]), 1):
        package = folder / f"tiny_model_part{number}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise SystemExit('its code was run')")
        (package / "part").write_bytes(piece)
    terms = folder / "tiny_model"
    terms.mkdir()
    (terms / "__init__.py").write_text("raise SystemExit('its code was run')")
    (terms / "terms.html").write_text("<script>x()</script><h1>Gemma Terms of Use</h1><p>Do no harm &amp; tell.</p>")
    monkeypatch.syspath_prepend(str(folder))
    return PackagedGenerator(
        title="Tiny", package="tiny-model", version="1", extra="gemma", licence="Terms", licence_url="https://x.example",
        terms="terms.html", notice="n", file="m.gguf", bytes=8, sha256=hashlib.sha256(b"weights!").hexdigest(),
        parts=("tiny_model_part1/part", "tiny_model_part2/part"),
    )  # fmt: skip


def test_the_terms_are_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = _installed(tmp_path, monkeypatch, b"weights!").terms_text()
    assert "Gemma Terms of Use\nDo no harm & tell." in text
    assert "x()" not in text


def test_the_parts_are_joined_checked_and_converted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _installed(tmp_path / "site", monkeypatch, b"weights!")
    made: list[bytes] = []

    def convert(folder: Path, file: str) -> None:
        made.append((folder / file).read_bytes())
        (folder / "config.json").write_text(json.dumps({"model_type": "x"}))

    monkeypatch.setattr(packaged, "convert_gguf", convert)
    first = unpacked(model, tmp_path / "cache", accept_terms=True)
    assert unpacked(model, tmp_path / "cache", accept_terms=True) == first
    assert made == [b"weights!"]
    assert sorted(path.name for path in first.iterdir()) == ["config.json", "source.json"]


def test_parts_that_are_others_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _installed(tmp_path / "site", monkeypatch, b"weights?")
    with pytest.raises(ModelError, match="not the one that is locked"):
        unpacked(model, tmp_path / "cache", accept_terms=True)


def test_a_package_that_is_not_there_is_told_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"tradewind\[gemma\]"):
        unpacked(packaged_generator(NAME), tmp_path, accept_terms=True)
