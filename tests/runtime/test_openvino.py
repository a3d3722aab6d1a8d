"""The second runtime: the same bundle, the same vectors within rounding, and a clear word where it is not installed."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.export import cut_bundle, export_encoder
from tradewind.errors import ArtefactError, MissingExtraError, ModelError
from tradewind.runtime.bundle import EncoderFacts
from tradewind.runtime.encoder import OnnxEncoder
from tradewind.runtime.opening import encode_distinct, open_encoder

pytest.importorskip("openvino")

PREFIXES = {"query": "query: ", "passage": "passage: ", "together": "query: bought with: "}
SOME = ["milk", "bread milk tea", "牛奶", "", "tea tea tea tea tea", "never seen words", "bread", "tea milk"]
SEEN = [" ".join(pair) for pair in zip(SOME * 3, [*SOME[3:], *SOME] * 2, strict=False)]


@pytest.fixture(scope="session", params=["fp32", "int8-static"])
def pair(
    request: pytest.FixtureRequest, tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """One checkpoint in one precision, exported for ONNX Runtime and for OpenVINO."""
    folder = tmp_path_factory.mktemp(f"ov-{request.param}")
    ours, theirs = (
        export_encoder(tiny_checkpoint, folder / name, PREFIXES, 16, request.param, SEEN, name)
        for name in ("onnx", "openvino")
    )
    return ours, theirs


def test_a_bundle_says_what_runs_it(pair: tuple[Path, Path]) -> None:
    kinds = [type(open_encoder(folder)).__name__ for folder in pair]
    assert kinds == ["OnnxEncoder", "OpenVinoEncoder"]


def test_both_runtimes_give_the_same_vectors(pair: tuple[Path, Path]) -> None:
    ours, theirs = (open_encoder(folder).encode(SOME, "query") for folder in pair)
    exact = EncoderFacts.read(pair[0]).precision == "fp32"
    # One step of an activation may round the other way, and random weights make much of it.
    assert np.einsum("nd,nd->n", ours, theirs).min() > (1 - 1e-5 if exact else 0.999)


def test_a_vector_is_bit_identical_alone_and_in_a_batch(pair: tuple[Path, Path]) -> None:
    encoder = open_encoder(pair[1])
    together = encoder.encode(SOME * 4, "passage")
    for row, text in enumerate(SOME):
        assert np.array_equal(together[row], encoder.encode([text], "passage")[0])


def test_threads_get_what_one_alone_gets(pair: tuple[Path, Path]) -> None:
    encoder = open_encoder(pair[1])
    alone = encoder.encode(SOME, "query")
    with ThreadPoolExecutor(4) as pool:
        assert all(
            np.array_equal(found, alone) for found in pool.map(lambda _: encoder.encode(SOME, "query"), range(8))
        )
    assert np.array_equal(encode_distinct(pair[1], SOME, "query", workers=3), alone)


def test_without_openvino_it_says_what_to_install_and_onnx_goes_on(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tradewind\[openvino\]'"):
        open_encoder(pair[1])
    assert open_encoder(pair[0]).encode(["milk"], "query").shape == (1, 32)


def test_a_damaged_model_is_refused_in_one_line(pair: tuple[Path, Path], tmp_path: Path) -> None:
    broken = shutil.copytree(pair[1], tmp_path / "broken")
    (broken / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(ArtefactError, match="OpenVINO cannot run it") as caught:
        open_encoder(broken)
    assert "\n" not in str(caught.value)


def test_dynamic_int8_is_not_written_for_it(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="int8 is not written for openvino"):
        export_encoder(tiny_checkpoint, tmp_path, PREFIXES, 16, "int8", runtime="openvino")


def test_a_cut_bundle_gives_the_first_numbers_at_length_one(tiny_checkpoint: Path, tmp_path: Path) -> None:
    bundle = export_encoder(tiny_checkpoint, tmp_path, PREFIXES, 16, "fp32")
    whole = OnnxEncoder(bundle).encode(SOME, "query")
    cut_bundle(bundle, 8)
    encoder = open_encoder(bundle)
    found = encoder.encode(SOME, "query")
    assert found.shape == (len(SOME), encoder.dimension) == (len(SOME), 8)
    assert np.allclose(found, whole[:, :8] / np.linalg.norm(whole[:, :8], axis=1, keepdims=True), atol=1e-6)
    assert np.array_equal(found[2], encoder.encode([SOME[2]], "query")[0])
    with pytest.raises(ModelError, match="32 numbers cannot be cut to 33"):
        cut_bundle(bundle, 33)
