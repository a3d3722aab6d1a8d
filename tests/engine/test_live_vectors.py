from __future__ import annotations

import numpy as np

from tradewind.engine.live_vectors import pack, unpack

VECTOR = np.asarray([0.6, 0.8], dtype=np.float32)


def test_a_vector_comes_back_for_the_encoder_that_made_it() -> None:
    assert np.array_equal(unpack(pack(VECTOR, "encoder/match/1"), "encoder/match/1", 2), VECTOR)  # type: ignore[arg-type]


def test_another_encoders_vector_does_not() -> None:
    assert unpack(pack(VECTOR, "encoder/match/1"), "encoder/match/2", 2) is None


def test_neither_does_one_without_a_mark_of_another_length_or_none_at_all() -> None:
    for packed in (VECTOR.tobytes(), pack(VECTOR, "e")[:-1], pack(VECTOR, "e") + b"0000", b"", None):
        assert unpack(packed, "e", 2) is None
