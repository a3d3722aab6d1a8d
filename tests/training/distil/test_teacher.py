"""The teacher reads each text once: its vectors are mapped, found again, and taken up where reading stopped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.export import export_encoder
from tradewind.errors import ModelError
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.runtime.opening import open_encoder
from tradewind.telemetry import SilentProgress
from tradewind.training.distil import teacher as module
from tradewind.training.distil.teacher import Teacher, TeacherFolder, teacher_vectors


def test_vectors_are_the_teachers_and_lie_in_a_mapped_file(teacher: Teacher, texts: list[str], tmp_path: Path) -> None:
    found = teacher_vectors(teacher, {"query": texts}, tmp_path, 12, SilentProgress())["query"]
    assert isinstance(found.vectors, np.memmap)
    wanted = load_bi_encoder(teacher.folder, max_tokens=12).encode(texts[3:5], "query")
    np.testing.assert_allclose(found.of(texts[3:5]), wanted, atol=1e-6)


def test_what_was_read_is_not_read_again(
    teacher: Teacher, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK", 16)
    read: list[int] = []
    encode = BiEncoder.encode

    def counting(self: BiEncoder, asked: list[str], role: str) -> np.ndarray:
        if sum(read) >= 32:
            raise KeyboardInterrupt
        read.append(len(asked))
        return encode(self, asked, role)

    monkeypatch.setattr(BiEncoder, "encode", counting)
    with pytest.raises(KeyboardInterrupt):
        teacher_vectors(teacher, {"query": texts}, tmp_path, 12, SilentProgress())
    monkeypatch.setattr(
        BiEncoder, "encode", lambda self, asked, role: (read.append(len(asked)), encode(self, asked, role))[1]
    )
    whole = teacher_vectors(teacher, {"query": texts}, tmp_path, 12, SilentProgress())["query"]
    assert sum(read) == len(texts)
    np.testing.assert_allclose(np.linalg.norm(whole.vectors, axis=1), 1.0, atol=1e-5)
    teacher_vectors(teacher, {"query": texts}, tmp_path, 12, SilentProgress())
    assert sum(read) == len(texts)


def test_another_role_text_or_length_is_another_file(teacher: Teacher, texts: list[str], tmp_path: Path) -> None:
    for role, some, tokens in (
        ("query", texts, 12),
        ("passage", texts, 12),
        ("query", texts[1:], 12),
        ("query", texts, 4),
    ):
        teacher_vectors(teacher, {role: some}, tmp_path, tokens, SilentProgress())  # type: ignore[dict-item]
    assert len(list(tmp_path.glob("*.npy"))) == 4


def test_a_bundle_teaches_what_it_will_answer_and_no_other_length_or_role(
    teacher: Teacher, texts: list[str], tmp_path: Path
) -> None:
    bundle = export_encoder(teacher.folder, tmp_path / "bundle", teacher.prefixes, 12)
    taught = TeacherFolder(bundle, teacher.prefixes)
    found = teacher_vectors(taught, {"query": texts}, tmp_path / "kept", 12, SilentProgress(), workers=2)["query"]
    np.testing.assert_array_equal(found.of(texts), open_encoder(bundle).encode(texts, "query"))
    with pytest.raises(ModelError, match="reads 12 tokens, not 8"):
        teacher_vectors(taught, {"query": texts}, tmp_path / "other", 8, SilentProgress())
    with pytest.raises(ModelError, match="cannot teach the role together"):
        teacher_vectors(taught, {"together": texts}, tmp_path / "other", 12, SilentProgress())
