"""Vectors of single texts, made once."""

from __future__ import annotations

import numpy as np

from tradewind.engine.cache import BoundedCache
from tradewind.engine.parts import Parts, Role, Vector
from tradewind.engine.state import Context


def encode_one(context: Context, text: str, role: Role) -> Vector:
    """Returns the unit vector of `text` in `role`, float32, shape (dimension,)."""
    return encode_cached(context.serving.parts, context.vectors, text, role)


def encode_cached(parts: Parts, vectors: BoundedCache[Vector], text: str, role: Role) -> Vector:
    """Returns the vector that `vectors` holds for the encoder of this role, and the text, or makes it.

    A vector does not depend on its batch, so a kept one and a new one are the same bytes.
    """
    encoder, version = parts.encoder_of(role)
    key = (version, role, text)
    kept = vectors.get(key)
    if kept is not None:
        return kept
    made: Vector = np.ascontiguousarray(encoder.encode([text], role)[0], dtype=np.float32)
    made.setflags(write=False)
    vectors.put(key, made, made.nbytes + len(text))
    return made
