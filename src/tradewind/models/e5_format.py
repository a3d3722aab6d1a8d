"""Reads the E5S1 weights file: a BERT encoder with 4-bit weights and the pieces of its Unigram tokenizer in one file.

Little-endian, in this order: the header, the pieces (offsets, log-probabilities, UTF-8 text), the character map of the
normaliser, the directory of tensors. Linear weights are blocks of 32: one float16 scale, then 16 bytes whose low
nibbles are the first 16 values and whose high nibbles the last 16; a value is `(nibble - 8) * scale`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tradewind.errors import ModelError

MAGIC: Final = b"E5S1"
BLOCK: Final = 32
BLOCK_BYTES: Final = 2 + BLOCK // 2


@dataclass(frozen=True, slots=True)
class E5Shape:
    """The sizes in the header, in the file's order."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int


@dataclass(frozen=True, slots=True)
class E5SpecialIds:
    """The ids of the tokens that are not text."""

    bos: int
    eos: int
    pad: int
    unknown: int


class E5File:
    """One E5S1 file held in memory. `pieces` are (text, log-probability) in the order of their ids."""

    def __init__(self, raw: bytes, where: str) -> None:
        self._reader = _Reader(raw, where)
        if self._reader.take(4) != MAGIC:
            raise ModelError("not an E5S1 weights file", where=where)
        (self.version,) = self._reader.unpack("I")
        self.shape = E5Shape(*self._reader.unpack("7i"))
        self.epsilon, block = self._reader.unpack("fi")
        if block != BLOCK:
            raise ModelError(f"blocks of {block} weights are not read, only of {BLOCK}", where=where)
        self.pieces, self.special = self._read_pieces()
        self._skip_character_map()
        self._offsets = self._read_directory()

    @classmethod
    def open(cls, path: Path) -> E5File:
        """Returns the file at `path`. Raises ModelError when it is not one or is damaged."""
        return cls(path.read_bytes(), where=str(path))

    def float32(self, name: str, *shape: int) -> np.ndarray:
        """Returns the unquantised tensor `name` as float32 of `shape`."""
        raw = self._reader.at(self._offset(name), 4 * int(np.prod(shape)))
        return np.frombuffer(raw, "<f4").reshape(shape).copy()

    def dequantised(self, name: str, rows: int, columns: int) -> np.ndarray:
        """Returns the 4-bit tensor `name` as float32 of (rows, columns)."""
        blocks = columns // BLOCK
        raw = self._reader.at(self._offset(name), rows * blocks * BLOCK_BYTES)
        packed = np.frombuffer(raw, np.uint8).reshape(rows, blocks, BLOCK_BYTES)
        values = np.empty((rows, blocks, BLOCK), np.float32)
        values[..., : BLOCK // 2] = packed[..., 2:] & 15
        values[..., BLOCK // 2 :] = packed[..., 2:] >> 4
        values -= 8.0
        values *= packed[..., :2].copy().view("<f2").astype(np.float32)
        return values.reshape(rows, columns)

    def has(self, name: str) -> bool:
        """Says whether the file holds a tensor called `name`."""
        return name in self._offsets

    def _offset(self, name: str) -> int:
        if name not in self._offsets:
            raise ModelError(f"the file holds no tensor {name!r}", where=self._reader.where)
        return self._offsets[name]

    def _read_pieces(self) -> tuple[list[tuple[str, float]], E5SpecialIds]:
        count, bos, eos, pad, unknown = self._reader.unpack("5i")
        (text_bytes,) = self._reader.unpack("Q")
        ends = np.frombuffer(self._reader.take(4 * (count + 1)), "<u4")
        scores = np.frombuffer(self._reader.take(4 * count), "<f4")
        text = self._reader.take(text_bytes)
        pieces = [
            (text[start:end].decode("utf-8", "replace"), float(score))
            for start, end, score in zip(ends[:-1], ends[1:], scores, strict=True)
        ]
        return pieces, E5SpecialIds(bos, eos, pad, unknown)

    def _skip_character_map(self) -> None:
        _, size = self._reader.unpack("iI")
        self._reader.take(size)

    def _read_directory(self) -> dict[str, int]:
        offsets: dict[str, int] = {}
        (count,) = self._reader.unpack("i")
        for _ in range(count):
            (length,) = self._reader.unpack("H")
            name = self._reader.take(length).decode("ascii")
            _kind, _count, offset, _size = self._reader.unpack("BIQQ")
            offsets[name] = offset
        return offsets


class _Reader:
    """Walks over bytes and refuses to run past their end."""

    def __init__(self, raw: bytes, where: str) -> None:
        self._raw = raw
        self._position = 0
        self.where = where

    def at(self, offset: int, size: int) -> bytes:
        if size < 0 or offset + size > len(self._raw):
            raise ModelError("the weights file ends too early", where=self.where)
        return self._raw[offset : offset + size]

    def take(self, size: int) -> bytes:
        taken = self.at(self._position, size)
        self._position += size
        return taken

    def unpack(self, layout: str) -> tuple[int, ...]:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))
