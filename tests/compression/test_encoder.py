"""Compressing real trained weights: they pass the gate, and a broken export does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.encoder import CompressedEncoder, compare, compress_encoder
from tradewind.compression.export import export_encoder
from tradewind.compression.gate import ParityLimits, check, measure
from tradewind.errors import ModelError, ParityError
from tradewind.models.checkpoint import read_weights, write_weights
from tradewind.models.pretrained import Checkpoint
from tradewind.runtime.bundle import EncoderFacts
from tradewind.runtime.encoder import OnnxEncoder
from tradewind.telemetry import SilentProgress

MAX_TOKENS = 32


@pytest.fixture(scope="session", params=["int8-static", "int8"])
def small_e5(
    request: pytest.FixtureRequest,
    e5: Checkpoint,
    held_out: list[str],
    words: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> CompressedEncoder:
    """E5 with what a shop asks of it by default, and in the form without calibration."""
    return compress_encoder(
        e5.folder,
        tmp_path_factory.mktemp("e5") / "bundle",
        prefixes=e5.prefixes,
        max_tokens=MAX_TOKENS,
        held_out=held_out,
        calibration=words if request.param == "int8-static" else (),
    )


def test_texts_to_calibrate_by_make_it_static(small_e5: CompressedEncoder, request: pytest.FixtureRequest) -> None:
    wanted = request.node.callspec.params["small_e5"]
    assert (small_e5.precision, small_e5.refused) == (wanted, None)
    assert EncoderFacts.read(small_e5.folder).precision == wanted


def test_e5_passes_with_little_drift_at_a_quarter_of_the_size(small_e5: CompressedEncoder) -> None:
    mean, worst = (0.997, 0.99) if small_e5.precision == "int8-static" else (0.998, 0.995)
    assert small_e5.report["cosine_mean"] > mean
    assert small_e5.report["cosine_worst"] > worst
    assert small_e5.report["rank_correlation"] > 0.98
    assert small_e5.report["size_ratio"] < 0.27


def test_the_profile_has_single_and_batched_latency(small_e5: CompressedEncoder) -> None:
    assert small_e5.profile["threads"] == 1
    assert 0 < small_e5.profile["single_cpu_ms_median"] <= small_e5.profile["single_ms_p99"] * 1.5
    assert small_e5.profile["batched_ms_per_text"] > 0


def test_the_real_encoder_is_bit_identical_alone_and_in_a_batch(
    small_e5: CompressedEncoder, held_out: list[str]
) -> None:
    encoder = OnnxEncoder(small_e5.folder)
    together = encoder.encode(held_out, "passage")
    assert all(np.array_equal(together[row], encoder.encode([text], "passage")[0]) for row, text in enumerate(held_out))


def test_chinese_titles_find_their_english_twins(small_e5: CompressedEncoder, held_out: list[str]) -> None:
    """The untuned model finds 15 of 20 in fp32; chance finds one."""
    encoder = OnnxEncoder(small_e5.folder)
    english, chinese = held_out[:20], held_out[20:]
    scores = encoder.encode(chinese, "query") @ encoder.encode(english, "passage").T
    assert (scores.argmax(axis=1) == np.arange(20)).sum() >= 14


def test_minilm_passes_too(minilm: Checkpoint, held_out: list[str], tmp_path: Path) -> None:
    english = held_out[:20]
    out = tmp_path / "bundle"
    small = compress_encoder(minilm.folder, out, prefixes=minilm.prefixes, max_tokens=MAX_TOKENS, held_out=english)
    assert small.report["cosine_worst"] > 0.98


def test_an_export_whose_layer_was_scrambled_is_refused(
    minilm: Checkpoint, held_out: list[str], tmp_path: Path
) -> None:
    weights = read_weights(minilm.folder)
    name = "encoder.layer.3.output.dense.weight"
    rng = np.random.default_rng(0)
    shuffled = rng.permuted(weights.tensors[name].ravel()).reshape(weights.tensors[name].shape)
    broken = tmp_path / "broken"
    broken.mkdir()
    write_weights(replace(weights, tensors=dict(weights.tensors) | {name: shuffled}), broken)
    bundle = export_encoder(broken, tmp_path / "bundle", minilm.prefixes, MAX_TOKENS)
    with pytest.raises(ParityError, match="cosine_mean"):
        check(compare(minilm.folder, bundle, held_out[:20]))


def test_the_metric_is_asked_of_both_and_its_loss_refuses(
    tiny: Callable[..., Path], held_out: list[str], tmp_path: Path
) -> None:
    """A metric that only the original's exact vectors satisfy."""
    folder, prefixes = tiny(), {"query": "query: ", "passage": "passage: ", "together": "with: "}
    bundle = export_encoder(folder, tmp_path / "bundle", prefixes, 24)
    asked: list[np.ndarray] = []

    def metric(encode: Callable[..., np.ndarray]) -> float:
        asked.append(encode(["milk bread"], "query"))
        return 1.0 if len(asked) == 1 else 0.5

    report = measure(compare(folder, bundle, held_out, metric))
    assert len(asked) == 2
    assert report.metric_loss == 0.5


def test_what_is_refused_leaves_nothing_to_publish(
    tiny: Callable[..., Path], held_out: list[str], tmp_path: Path
) -> None:
    figures = iter((1.0, 0.5))
    with pytest.raises(ParityError, match="metric_loss"):
        compress_encoder(
            tiny(),
            tmp_path / "out",
            prefixes={"query": "", "passage": "", "together": ""},
            max_tokens=24,
            held_out=held_out,
            metric=lambda encode: next(figures),
        )
    assert not (tmp_path / "out").exists()


class Notes(SilentProgress):
    """Keeps what a step says."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_where_the_static_form_is_refused_the_dynamic_one_serves_and_it_is_said(
    tiny: Callable[..., Path], held_out: list[str], words: list[str], tmp_path: Path
) -> None:
    figures, notes = iter((1.0, 0.5, 1.0, 1.0)), Notes()
    small = compress_encoder(
        tiny(),
        tmp_path / "out",
        prefixes={"query": "", "passage": "", "together": ""},
        max_tokens=24,
        held_out=held_out,
        calibration=words[:20],
        metric=lambda encode: next(figures),
        limits=ParityLimits(size_ratio=9.0, rank_correlation=0.9),
        progress=notes,
    )
    assert small.precision == EncoderFacts.read(small.folder).precision == "int8"
    assert "metric_loss 0.5" in str(small.refused)
    assert len(notes.said) == 1
    assert "int8-static is refused, int8 is tried" in notes.said[0]


def test_the_static_form_asked_for_by_name_is_not_replaced(
    tiny: Callable[..., Path], held_out: list[str], words: list[str], tmp_path: Path
) -> None:
    figures = iter((1.0, 0.5, 1.0, 1.0))
    with pytest.raises(ParityError, match="metric_loss"):
        compress_encoder(
            tiny(),
            tmp_path / "out",
            prefixes={"query": "", "passage": "", "together": ""},
            max_tokens=24,
            held_out=held_out,
            calibration=words[:20],
            precision="int8-static",
            metric=lambda encode: next(figures),
        )


def test_no_text_may_be_calibrated_by_and_held_out(
    tiny: Callable[..., Path], held_out: list[str], tmp_path: Path
) -> None:
    prefixes = {"query": "", "passage": "", "together": ""}
    with pytest.raises(ModelError, match="20 texts are to calibrate by and held out"):
        compress_encoder(
            tiny(), tmp_path / "out", prefixes=prefixes, max_tokens=24, held_out=held_out, calibration=held_out[:20]
        )


def test_too_few_texts_prove_nothing(tiny: Callable[..., Path], tmp_path: Path) -> None:
    bundle = export_encoder(tiny(), tmp_path / "bundle", {"query": "", "passage": "", "together": ""}, 24)
    with pytest.raises(ModelError, match="3 held-out texts are too few"):
        compare(tmp_path / "bert", bundle, ["a", "b", "c"])
