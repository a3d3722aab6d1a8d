"""A tiny teacher whose vectors differ by their words, and texts of its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tradewind.testing.pretrained import tiny_encoder

NOUNS = ("milk", "bread", "tea", "juice", "cheese", "apple", "rice", "soap")
KINDS = ("green", "fresh", "dry", "large", "small", "organic")
WORDS = ["[UNK]", "query", "passage", "bought", "with", ":", *NOUNS, *KINDS]
PREFIXES = {"query": "query: ", "passage": "passage: ", "together": "query: bought with: "}


@dataclass(frozen=True)
class Named:
    """A checkpoint as a teacher is named."""

    folder: Path
    prefixes: dict[str, str] = field(default_factory=lambda: dict(PREFIXES))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Returns a function that writes a tiny encoder under a name."""
    return lambda name, **changes: tiny_encoder(tmp_path / name, WORDS, **changes)


@pytest.fixture
def teacher(write: Callable[..., Path]) -> Named:
    return Named(write("teacher", layers=3))


@pytest.fixture(scope="session")
def texts() -> list[str]:
    """Eighty texts."""
    singles = [f"{kind} {noun}" for noun in NOUNS for kind in KINDS]
    return [
        *singles,
        *(
            f"{kind} {noun} {other}"
            for kind in KINDS[:4]
            for noun, other in zip(NOUNS, NOUNS[1:] + NOUNS[:1], strict=True)
        ),
    ]
