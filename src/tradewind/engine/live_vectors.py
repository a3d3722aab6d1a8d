"""Vectors of items added while serving, as the store keeps them: with the name of the encoder that made them.

A generation may be exchanged for one with another encoder while the store still holds vectors of the old one. Two
encoders' vectors must never meet in one index, so each carries a fingerprint, and a stranger's is made again.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np

from tradewind.engine.parts import Vector

MARK_BYTES: Final = 16


def fingerprint(encoder_version: str) -> bytes:
    """Returns 16 bytes that name an encoder."""
    return hashlib.blake2b(encoder_version.encode(), digest_size=MARK_BYTES).digest()


def pack(vector: Vector, encoder_version: str) -> bytes:
    """Returns the fingerprint and then the vector, float32 little-endian."""
    return fingerprint(encoder_version) + np.asarray(vector, dtype="<f4").tobytes()


def unpack(packed: bytes | None, encoder_version: str, dimension: int) -> Vector | None:
    """Returns the vector when this encoder made it, else None."""
    if (
        packed is None
        or len(packed) != MARK_BYTES + 4 * dimension
        or packed[:MARK_BYTES] != fingerprint(encoder_version)
    ):
        return None
    return np.frombuffer(packed, dtype="<f4", offset=MARK_BYTES).astype(np.float32)
