"""The techniques that are registered make smaller encoders that open, and say rightly what they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.search.candidate import Form, Outline
from tradewind.compression.search.techniques import TECHNIQUES, Pruned, StaticTokens, techniques
from tradewind.compression.search.workshop import Workshop
from tradewind.models.checkpoint import read_weights
from tradewind.runtime.opening import open_encoder

FORM = Form("int8", "onnx")
Opened = Callable[..., Workshop]


def test_variants_are_distinct_and_each_says_what_it_is(workshop: Opened) -> None:
    outline = workshop().outline
    found = techniques(outline)
    assert len({technique.name for technique in found}) == len(found) == len(set(found))
    assert set(TECHNIQUES) >= {"whole", "static", "pruned"}
    assert all(0.0 <= technique.work(outline) <= 1.0 for technique in found)


@pytest.mark.parametrize(("blocks", "heads", "share"), [(2, 4, 1.0), (4, 2, 1.0), (4, 4, 0.5), (1, 2, 0.25)])
def test_what_is_pruned_has_the_numbers_that_were_forecast(
    workshop: Opened, tmp_path: Path, blocks: int, heads: int, share: float
) -> None:
    place = workshop()
    technique = Pruned(blocks, heads, share, False, place.outline)
    bundle = technique.make(place, FORM, tmp_path / "out")
    linear = _linear(place.folder)
    assert technique.numbers(place.outline)[0] == linear
    assert technique.work(place.outline) == pytest.approx(linear / _linear(place.original))
    vectors = open_encoder(bundle).encode(["w1 w2", "w3"], "query")
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_student_is_made_once_and_taught(workshop: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = workshop(minutes=0.1)
    technique = Pruned(2, 4, 1.0, True, place.outline)
    first = technique.make(place, FORM, tmp_path / "first")
    monkeypatch.setattr(Workshop, "distilled", lambda *given: pytest.fail("taught again"))
    again = technique.make(place, FORM, tmp_path / "again")
    assert (first / "model.onnx.data").read_bytes() == (again / "model.onnx.data").read_bytes()
    untaught = replace(technique, distilled=False).make(place, FORM, tmp_path / "untaught")
    assert (first / "model.onnx.data").read_bytes() != (untaught / "model.onnx.data").read_bytes()


def test_a_static_student_is_one_technique_more_and_needs_no_graph(
    workshop: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = workshop()
    technique = StaticTokens(16)
    bundle = technique.make(place, technique.forms()[0], tmp_path / "first")
    assert not (bundle / "model.onnx").exists()
    vectors = open_encoder(bundle).encode(["w1 w2", "w3"], "together")
    assert vectors.shape == (2, 16)
    monkeypatch.setattr(Workshop, "static", lambda *given: pytest.fail("taught again"))
    again = technique.make(place, technique.forms()[0], tmp_path / "again")
    assert np.array_equal(open_encoder(again).encode(["w1 w2", "w3"], "together"), vectors)


def test_an_outline_reads_a_configuration() -> None:
    config = {
        "num_hidden_layers": 12,
        "hidden_size": 384,
        "intermediate_size": 1536,
        "num_attention_heads": 12,
        "vocab_size": 1000,
        "max_position_embeddings": 514,
    }
    outline = Outline.of(config)
    assert (outline.blocks, outline.block, outline.table) == (12, 4 * 384**2 + 2 * 384 * 1536, 384_000)


def _linear(folder: Path) -> int:
    """Counts the numbers of the linear layers of the one checkpoint below `folder`."""
    found = next(folder.rglob("students/*/model.safetensors"), folder / "model.safetensors")
    tensors = read_weights(found.parent).tensors
    return sum(tensor.size for name, tensor in tensors.items() if ".layer." in name and tensor.ndim == 2)
