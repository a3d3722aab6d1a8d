"""A small E5S1 file written by hand, so that reading the form is tested apart from the weights of the package."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

HIDDEN, LAYERS, HEADS, FEED_FORWARD, POSITIONS, TYPES = 32, 1, 2, 64, 16, 2
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁milk", "牛", "奶", "Молоко", "ü", "ção", "milk", "<mask>"]
VOCABULARY = len(PIECES) + 3  # the table is padded beyond the pieces, as the real one is


def _packed(values: np.ndarray) -> bytes:
    """Quantises (rows, columns) the way the form does: blocks of 32, one scale, nibbles around 8."""
    blocks = values.reshape(-1, 32)
    scale = (np.abs(blocks).max(axis=1, keepdims=True) / 7).astype("<f2")
    nibbles = np.clip(np.rint(blocks / scale.astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    packed = nibbles[:, :16] | (nibbles[:, 16:] << 4)
    return b"".join(s.tobytes() + p.tobytes() for s, p in zip(scale, packed, strict=True))


def e5_bytes() -> bytes:
    rng = np.random.default_rng(5)

    def dense(*shape: int) -> bytes:
        return rng.standard_normal(shape).astype("<f4").tobytes()

    tensors = {
        "emb.word": _packed(rng.standard_normal((VOCABULARY, HIDDEN)).astype(np.float32)),
        "emb.pos": dense(POSITIONS, HIDDEN),
        "emb.type": dense(TYPES, HIDDEN),
        "emb.ln.w": dense(HIDDEN),
        "emb.ln.b": dense(HIDDEN),
    }
    for short, rows, columns in (
        ("q", HIDDEN, HIDDEN),
        ("k", HIDDEN, HIDDEN),
        ("v", HIDDEN, HIDDEN),
        ("ao", HIDDEN, HIDDEN),
        ("fi", FEED_FORWARD, HIDDEN),
        ("fo", HIDDEN, FEED_FORWARD),
    ):
        tensors[f"l0.{short}.w"] = _packed(rng.standard_normal((rows, columns)).astype(np.float32))
        tensors[f"l0.{short}.b"] = dense(rows)
    for norm in ("aln", "oln"):
        tensors |= {f"l0.{norm}.w": dense(HIDDEN), f"l0.{norm}.b": dense(HIDDEN)}
    return _header() + _directory(tensors)


def _header() -> bytes:
    encoded = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, encoded)]).astype("<u4")
    scores = np.array([0, 0, 0, 0, *(-float(n) for n in range(4, len(PIECES) - 1)), 0], "<f4")
    shape = (HIDDEN, LAYERS, HEADS, FEED_FORWARD, VOCABULARY, POSITIONS, TYPES)
    text = b"".join(encoded)
    return b"".join(
        [
            b"E5S1" + struct.pack("<I7ifi", 1, *shape, 1e-12, 32),
            struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(text)),
            ends.tobytes() + scores.tobytes() + text,
            struct.pack("<iI", 0, 0),
        ]
    )


def _directory(tensors: dict[str, bytes]) -> bytes:
    start = len(_header()) + 4 + sum(2 + len(name) + 21 for name in tensors)
    entries, body = [struct.pack("<i", len(tensors))], b""
    for name, raw in tensors.items():
        place = struct.pack("<BIQQ", 0, 0, start + len(body), len(raw))
        entries.append(struct.pack("<H", len(name)) + name.encode() + place)
        body += raw
    return b"".join(entries) + body


@pytest.fixture
def e5_file(tmp_path: Path) -> Callable[[bytes], Path]:
    """Returns a function that writes bytes as a weights file and gives its path."""

    def write(raw: bytes) -> Path:
        path = tmp_path / "weights.bin"
        path.write_bytes(raw)
        return path

    return write


@pytest.fixture(scope="session")
def e5_raw() -> bytes:
    return e5_bytes()
