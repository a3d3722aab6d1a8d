"""An item id that came before in the same catalogue."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import pyarrow as pa

from tradewind.data.identity import SeenRows


class DuplicateId:
    """Remembers 64 bits of every id, so that ten million ids take 80 MB."""

    def __init__(self) -> None:
        self._seen = SeenRows()

    def __call__(self, ids: pa.Array) -> np.ndarray:
        """Returns where an id came before, in this batch or an earlier one, and remembers these ids."""
        digests = b"".join(blake2b(word.encode(), digest_size=8).digest() for word in ids.to_pylist())
        return self._seen.count(np.frombuffer(digests, dtype=np.uint64)) > 0
