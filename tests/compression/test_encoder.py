"""Compressing real trained weights: they pass the gate, and a broken export does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.encoder import CompressedEncoder, compare, compress_encoder
from tradewind.compression.export import export_encoder
from tradewind.compression.gate import check, measure
from tradewind.errors import ModelError, ParityError
from tradewind.models.checkpoint import read_weights, write_weights
from tradewind.models.pretrained import Checkpoint
from tradewind.runtime.encoder import OnnxEncoder

MAX_TOKENS = 32


@pytest.fixture(scope="session")
def small_e5(e5: Checkpoint, held_out: list[str], tmp_path_factory: pytest.TempPathFactory) -> CompressedEncoder:
    out = tmp_path_factory.mktemp("e5") / "bundle"
    return compress_encoder(e5.folder, out, prefixes=e5.prefixes, max_tokens=MAX_TOKENS, held_out=held_out)


def test_e5_passes_with_little_drift_at_a_quarter_of_the_size(small_e5: CompressedEncoder) -> None:
    assert small_e5.report["cosine_mean"] > 0.998
    assert small_e5.report["cosine_worst"] > 0.995
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


def test_too_few_texts_prove_nothing(tiny: Callable[..., Path], tmp_path: Path) -> None:
    bundle = export_encoder(tiny(), tmp_path / "bundle", {"query": "", "passage": "", "together": ""}, 24)
    with pytest.raises(ModelError, match="3 held-out texts are too few"):
        compare(tmp_path / "bert", bundle, ["a", "b", "c"])
