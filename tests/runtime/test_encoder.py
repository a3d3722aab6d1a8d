"""The encoder without torch: every vector belongs to its text alone, whatever comes with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradewind.errors import ArtefactError, NotFoundError
from tradewind.runtime import encoder as encoder_module
from tradewind.runtime.encoder import OnnxEncoder
from tradewind.runtime.opening import encode_distinct

SOME = ["milk", "bread milk tea", "牛奶", "", "tea tea tea tea tea", "milk", "never seen words", "bread"]
any_text = st.text(alphabet="milkbread tea牛奶:😀\x00", max_size=60) | st.sampled_from(SOME)


class Counter:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.done = 0

    def start(self, label: str, total: int | None) -> None:
        self.total = total

    def advance(self, units: int = 1) -> None:
        self.done += units

    def note(self, text: str) -> None: ...


def test_vectors_are_float32_unit_rows(bundle: Path) -> None:
    encoder = OnnxEncoder(bundle)
    vectors = encoder.encode(SOME, "passage")
    assert vectors.shape == (len(SOME), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(any_text, min_size=1, max_size=24))
def test_a_vector_is_bit_identical_alone_and_in_any_batch(bundle: Path, texts: list[str]) -> None:
    encoder = OnnxEncoder(bundle)
    together = encoder.encode(texts, "query")
    for row, text in enumerate(texts):
        assert np.array_equal(together[row], encoder.encode([text], "query")[0])


def test_the_roles_of_one_text_give_three_vectors(bundle: Path) -> None:
    encoder = OnnxEncoder(bundle)
    query, passage, together = (encoder.encode(["milk"], role)[0] for role in ("query", "passage", "together"))
    assert not np.array_equal(query, passage)
    assert not np.array_equal(query, together)


def test_a_role_the_encoder_does_not_have_is_named_with_those_it_has(bundle: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no role 'title'.*query, passage, together"):
        OnnxEncoder(bundle).encode(["milk"], "title")  # type: ignore[arg-type]


def test_no_text_gives_no_rows(bundle: Path) -> None:
    assert OnnxEncoder(bundle).encode([], "query").shape == (0, 32)


@pytest.mark.parametrize("text", ["\ud800 milk", "a\x00b", "😀😀😀", "x" * 100_000, "milk " * 50_000, "\u200b\ufeff"])
def test_any_string_that_can_reach_a_server_has_a_vector(bundle: Path, text: str) -> None:
    assert np.isfinite(OnnxEncoder(bundle).encode([text], "query")).all()


def test_text_beyond_the_limit_of_tokens_does_not_count(bundle: Path) -> None:
    encoder = OnnxEncoder(bundle)
    long, longer = encoder.encode(["tea " * 20, "tea " * 20 + "milk bread"], "query")
    assert np.array_equal(long, longer)


def test_threads_that_share_an_encoder_get_what_one_alone_gets(bundle: Path) -> None:
    encoder = OnnxEncoder(bundle)
    alone = encoder.encode(SOME, "query")
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: encoder.encode(SOME, "query"), range(16)):
            assert np.array_equal(vectors, alone)


def test_many_texts_are_the_same_as_one_by_one_and_repeats_are_encoded_once(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoder_module, "CHUNK_TEXTS", 3)
    progress = Counter()
    texts = SOME * 5
    vectors = encode_distinct(bundle, texts, "passage", workers=3, progress=progress)
    assert np.array_equal(vectors, OnnxEncoder(bundle).encode(texts, "passage"))
    assert progress.total == progress.done == len(set(texts))


def test_an_error_in_a_worker_reaches_the_caller(bundle: Path) -> None:
    with pytest.raises(NotFoundError):
        encode_distinct(bundle, SOME, "title", workers=2)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["model.onnx", "model.onnx.data", "tokenizer.json", "encoder.json"])
def test_a_bundle_without_one_of_its_files_is_refused_by_name(bundle: Path, tmp_path: Path, name: str) -> None:
    broken = shutil.copytree(bundle, tmp_path / "broken")
    (broken / name).unlink()
    with pytest.raises(ArtefactError, match=str(broken)):
        OnnxEncoder(broken)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "encoder.json"])
def test_a_damaged_file_is_refused_in_one_line(bundle: Path, tmp_path: Path, name: str) -> None:
    broken = shutil.copytree(bundle, tmp_path / "broken")
    (broken / name).write_bytes(b"{}\x00")
    with pytest.raises(ArtefactError) as caught:
        OnnxEncoder(broken)
    assert "\n" not in str(caught.value)


def test_encoding_needs_no_torch(bundle: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tradewind.runtime.encoder import OnnxEncoder; "
        "from tradewind.runtime.classifier import OnnxClassifier; "
        f"OnnxEncoder(Path({str(bundle)!r})).encode(['milk'], 'query'); "
        "sys.exit(bool({'torch', 'transformers', 'onnx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
