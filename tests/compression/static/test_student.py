"""Token vectors learned out of a teacher come nearer to it on texts it never saw, and are served without torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.static import StaticSettings, static_student
from tradewind.compression.static.token_vectors import fitted, mapped, principal_axes, rarity, unit
from tradewind.errors import ConfigError, DataError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.runtime.role_map import RoleMap, write_role_map
from tradewind.runtime.static_encoder import StaticEncoder
from tradewind.testing.pretrained import tiny_encoder
from tradewind.training.distil.settings import DistilSettings

NOUNS = ("milk", "bread", "tea", "juice", "cheese", "apple", "rice", "soap")
KINDS = ("green", "fresh", "dry", "large", "small", "organic")
WORDS = ["[UNK]", "query", "passage", "bought", "with", ":", *NOUNS, *KINDS, "unheard", "unread"]
TEXTS = [f"{kind} {noun}" for noun in NOUNS for kind in KINDS] + [f"{noun} {kind}" for noun in NOUNS for kind in KINDS]
DISTIL = DistilSettings(held_out=5, max_tokens=12)
SETTINGS = StaticSettings(steps=150, batch_size=16, learning_rate=0.02, distil=DISTIL)


@dataclass(frozen=True)
class Named:
    """A checkpoint as a teacher is named."""

    folder: Path
    prefixes: dict[str, str] = field(
        default_factory=lambda: {"query": "query: ", "passage": "passage: ", "together": "query: bought with: "}
    )


class Notes:
    """A Progress that keeps what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def start(self, label: str, total: int | None) -> None: ...

    def advance(self, units: int = 1) -> None: ...

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def teacher(tmp_path: Path) -> Named:
    return Named(tiny_encoder(tmp_path / "teacher", WORDS, width=32))


def test_it_comes_near_its_teacher_in_both_roles_and_says_how_near(teacher: Named, tmp_path: Path) -> None:
    notes = Notes()
    bundle = static_student(teacher, TEXTS, tmp_path / "out", settings=SETTINGS, progress=notes)
    encoder, whole = StaticEncoder(bundle), load_bi_encoder(teacher.folder, max_tokens=12)
    untuned = StaticEncoder(
        static_student(
            teacher, TEXTS, tmp_path / "few", settings=StaticSettings(steps=1, learning_rate=1e-9, distil=DISTIL)
        )
    )
    for role in ("query", "passage"):
        wanted = whole.encode(TEXTS, role)
        near, before = ((found.encode(TEXTS, role) * wanted).sum(axis=1).mean() for found in (encoder, untuned))  # type: ignore[arg-type]
        assert 1 - near < 0.5 * (1 - before)
    assert sorted(path.name for path in bundle.iterdir()) == ["encoder.json", "static.safetensors", "tokenizer.json"]
    assert any("first ten kept" in note for note in notes.notes)


def test_the_same_seed_gives_the_same_bytes(teacher: Named, tmp_path: Path) -> None:
    short = StaticSettings(steps=5, batch_size=16, distil=DISTIL)
    first, second = (static_student(teacher, TEXTS, tmp_path / name, seed=3, settings=short) for name in ("a", "b"))
    assert (first / "static.safetensors").read_bytes() == (second / "static.safetensors").read_bytes()


def test_a_token_that_no_text_held_has_a_vector_of_its_own(teacher: Named, tmp_path: Path) -> None:
    short = StaticSettings(steps=5, batch_size=16, distil=DISTIL)
    unread = StaticSettings(steps=5, batch_size=16, distil=DISTIL, read_tokens=0)
    for name, settings in (("read", short), ("mapped", unread)):
        encoder = StaticEncoder(static_student(teacher, TEXTS, tmp_path / name, settings=settings))
        first, second = encoder.encode(["unheard", "unread"], "query")
        assert not np.allclose(first, second)


def test_fewer_dimensions_are_the_axes_that_keep_most_and_drop_the_map(teacher: Named, tmp_path: Path) -> None:
    write_role_map(RoleMap(np.eye(32, dtype=np.float32), np.zeros(32, np.float32)), teacher.folder)
    roles = DistilSettings(held_out=5, max_tokens=12, roles=("query", "passage", "together"))
    short = StaticSettings(steps=20, batch_size=16, distil=roles)
    narrow = static_student(teacher, TEXTS, tmp_path / "narrow", dimension=8, settings=short)
    assert StaticEncoder(narrow).encode(TEXTS[:3], "together").shape == (3, 8)
    assert not (narrow / "together.safetensors").exists()
    assert (static_student(teacher, TEXTS, tmp_path / "wide", settings=short) / "together.safetensors").exists()


def test_a_width_it_has_not_got_and_too_few_texts_are_told(teacher: Named, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be cut to 64"):
        static_student(teacher, TEXTS, tmp_path / "out", dimension=64, settings=SETTINGS)
    with pytest.raises(DataError, match="too few"):
        static_student(teacher, TEXTS[:4], tmp_path / "out", settings=SETTINGS)


def test_rarity_halves_a_token_of_a_thousandth_and_spares_one_never_seen() -> None:
    tokens = [[0] * 999, [1]]
    found = rarity(tokens, 3)
    assert found[1] == pytest.approx(0.5)
    assert found[2] == 1.0
    assert found[0] == pytest.approx(1e-3 / (1e-3 + 0.999))


def test_a_linear_map_is_found_and_axes_keep_products() -> None:
    rng = np.random.default_rng(2)
    inputs, true = rng.standard_normal((200, 5)).astype(np.float32), rng.standard_normal((5, 3)).astype(np.float32)
    outputs = inputs @ true + np.float32(2.0)
    np.testing.assert_allclose(mapped(inputs, fitted(inputs, outputs, 1e-9)), outputs, atol=1e-3)
    flat = unit(
        np.pad(rng.standard_normal((50, 4)), ((0, 0), (0, 12))).astype(np.float32)
        @ np.linalg.qr(rng.standard_normal((16, 16)))[0].astype(np.float32)
    )
    short = flat @ principal_axes(flat, 4)
    np.testing.assert_allclose(short @ short.T, flat @ flat.T, atol=1e-4)
