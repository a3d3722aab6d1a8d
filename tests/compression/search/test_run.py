"""The search makes, measures and chooses; it leaves out what cannot be chosen, and never measures twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.encoder import Encode, original_encoder
from tradewind.compression.search import forecast
from tradewind.compression.search.candidate import Form, Outline
from tradewind.compression.search.frontier import Limits
from tradewind.compression.search.ground import Ground
from tradewind.compression.search.run import search
from tradewind.compression.search.techniques import Shrunk, Whole
from tradewind.compression.search.workshop import Workshop
from tradewind.errors import ModelError, ParityError
from tradewind.runtime.bundle import EncoderFacts
from tradewind.runtime.opening import open_encoder

FORMS = (Form("int8-static", "onnx"), Form("fp32", "onnx"))
Opened = Callable[..., Workshop]


@dataclass(frozen=True)
class Few(Whole):
    """The whole encoder in two forms, so that a search is short."""

    def forms(self) -> tuple[Form, ...]:
        return FORMS


@dataclass(frozen=True)
class Blocks(Shrunk):
    """Stands for any technique that takes blocks out; it counts how often it was asked to."""

    blocks: int
    learns: bool = False

    @property
    def name(self) -> str:
        return f"{self.blocks} blocks"

    @property
    def trains(self) -> bool:
        return self.learns

    @property
    def family(self) -> str:
        return "blocks"

    @property
    def kept(self) -> tuple[float, ...]:
        return (self.blocks,)

    def forms(self) -> tuple[Form, ...]:
        return FORMS

    def work(self, outline: Outline) -> float:
        return self.blocks / outline.blocks

    def numbers(self, outline: Outline) -> tuple[int, int]:
        return self.blocks * outline.block, outline.table

    def shrink(self, workshop: Workshop, folder: Path) -> Path:
        from safetensors.numpy import load_file, save_file

        out = folder / "out"
        out.mkdir()
        kept = {
            name: tensor
            for name, tensor in load_file(workshop.original / "model.safetensors").items()
            if ".layer." not in name or int(name.split(".layer.")[1].split(".")[0]) < self.blocks
        }
        save_file(kept, out / "model.safetensors", metadata={"format": "pt"})
        config = (workshop.original / "config.json").read_text(encoding="utf-8")
        told = config.replace('"num_hidden_layers": 4', f'"num_hidden_layers": {self.blocks}')
        (out / "config.json").write_text(told, encoding="utf-8")
        (out / "tokenizer.json").write_bytes((workshop.original / "tokenizer.json").read_bytes())
        return out


@dataclass(frozen=True)
class Broken(Blocks):
    """A technique that cannot do its work."""

    def shrink(self, workshop: Workshop, folder: Path) -> Path:
        raise ModelError("its weights are gone")


@pytest.fixture(autouse=True)
def forms_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which form of so small an encoder is faster is chance; none is left out for it unless a test says so."""
    monkeypatch.setattr(forecast, "DOMINATED", (1e9, 0.0))


def found(workshop: Workshop, ground: Ground, limits: Limits, *techniques: Shrunk):  # type: ignore[no-untyped-def]
    original = original_encoder(workshop.original, workshop.prefixes, workshop.max_tokens)
    return search(workshop, ground, original.encode, limits, techniques)


def test_every_point_is_measured_with_its_cuts_and_the_frontier_holds_what_nothing_beats(
    workshop: Opened, ground: Ground
) -> None:
    frontier = found(workshop(), ground, Limits(quality=0.5), Few(), Blocks(2)).frontier
    assert {point.technique for point in frontier.points} == {"whole", "2 blocks"}
    assert {point.dimension for point in frontier.points} == {32}
    exact = next(point for point in frontier.points if point.name.startswith("whole, fp32"))
    assert exact.quality == pytest.approx(1.0, abs=1e-4)
    assert all(point.ms > 0 and point.bytes > 0 for point in frontier.points)
    best = {point.key for point in frontier.best()}
    for point in frontier.points:
        beaten = any(
            other.quality >= point.quality
            and other.ms <= point.ms
            and other.bytes <= point.bytes
            and (
                (other.quality, other.ms, other.bytes) != (point.quality, point.ms, point.bytes)
                or other.key < point.key
            )
            for other in frontier.points
        )
        assert (point.key in best) is not beaten


def test_the_chosen_point_becomes_a_bundle_that_opens(workshop: Opened, ground: Ground, tmp_path: Path) -> None:
    searched = found(workshop(), ground, Limits(quality=0.5), Few(), Blocks(2))
    point = searched.frontier.chosen()
    small = searched.make(point, tmp_path / "out")
    assert small.report["score_kept"] == pytest.approx(point.score_kept, abs=1e-6)
    assert open_encoder(small.folder).encode(["w1 w2"], "query").shape == (1, point.dimension)
    assert EncoderFacts.read(small.folder).precision == small.precision
    held = searched.held(point, small.folder)
    exact = next(one for one in held if one.way == "float32")
    assert (exact.ten, exact.hundred) == (1.0, 1.0)


def test_what_was_measured_is_not_made_again(workshop: Opened, ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    first = found(workshop(), ground, Limits(quality=0.5), Few(), Blocks(2)).frontier
    monkeypatch.setattr(Workshop, "make", lambda *given: pytest.fail("made again"))
    again = found(workshop(), ground, Limits(quality=0.6), Few(), Blocks(2)).frontier
    assert again.points == first.points


def test_a_target_that_nothing_reaches_names_the_nearest(workshop: Opened, ground: Ground) -> None:
    frontier = found(workshop(), ground, Limits(ms=1e-6, quality=0.5), Few(), Blocks(2)).frontier
    assert "ms at least" in frontier.left_out["2 blocks, fp32 onnx"]
    with pytest.raises(ParityError, match=r"nothing reaches 1e-06 ms, quality 0.5 \(the nearest is whole"):
        frontier.chosen()


def test_a_size_below_what_the_numbers_take_is_never_made(workshop: Opened, ground: Ground) -> None:
    frontier = found(workshop(), ground, Limits(bytes=30_000), Few(), Blocks(1)).frontier
    assert frontier.left_out["whole, fp32 onnx"] == "takes 0.1 MB at least"


def test_a_harsher_one_is_left_out_where_the_milder_lost_too_much(workshop: Opened, ground: Ground) -> None:
    frontier = found(workshop(), ground, Limits(quality=0.999), Few(), Blocks(3), Blocks(1)).frontier
    assert "3 blocks keeps" in frontier.left_out["1 blocks, fp32 onnx"]
    assert frontier.chosen().technique == "whole"


def test_a_harsher_student_is_not_taught_where_a_milder_is_good_enough(workshop: Opened, ground: Ground) -> None:
    techniques = (Few(), Blocks(3, learns=True), Blocks(1, learns=True))
    frontier = found(workshop(), ground, Limits(ms=1e6, quality=None), *techniques).frontier
    left = frontier.left_out["1 blocks, fp32 onnx"]
    assert left == "3 blocks is within the limits and keeps more" or "3 blocks keeps" in left


def test_without_minutes_only_the_whole_encoder_is_measured(workshop: Opened, ground: Ground) -> None:
    frontier = found(workshop(minutes=0.0), ground, Limits(quality=0.5), Few(), Blocks(2)).frontier
    assert {point.technique for point in frontier.points} == {"whole"}
    assert frontier.left_out["2 blocks, fp32 onnx"] == "no minutes were left"


def test_a_technique_that_fails_is_left_out_with_its_reason(workshop: Opened, ground: Ground) -> None:
    frontier = found(workshop(), ground, Limits(quality=0.5), Few(), Broken(2)).frontier
    assert frontier.left_out["2 blocks, fp32 onnx"] == "its weights are gone"


def test_a_form_that_another_one_beats_here_is_tried_on_the_whole_encoder_alone(
    workshop: Opened, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any form counts as faster and as good, so the larger one is left out."""
    monkeypatch.setattr(forecast, "DOMINATED", (0.0, 2.0))
    frontier = found(workshop(), ground, Limits(quality=0.1), Few(), Blocks(2)).frontier
    assert {point.form for point in frontier.points if point.technique == "whole"} == {"int8-static onnx", "fp32 onnx"}
    assert frontier.left_out["2 blocks, fp32 onnx"] == "int8-static onnx is faster here"


def test_openvino_that_is_not_installed_is_left_out_by_name(
    workshop: Opened, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.compression.search.forecast.find_spec", lambda name: None)
    frontier = found(workshop(), ground, Limits(quality=0.5), Whole()).frontier
    assert "pip install 'tradewind[openvino]'" in frontier.left_out["whole, fp32 openvino"]


def test_a_metric_that_falls_takes_the_quality_with_it(workshop: Opened, ground: Ground) -> None:
    """A metric that counts how exactly vectors are the original's: the integers' lie elsewhere."""
    exact: list[np.ndarray] = []

    def metric(encode: Encode) -> np.ndarray:
        vectors = encode(list(ground.questions), "together")
        exact.append(vectors)
        near = np.abs(vectors - exact[0]).max(axis=1)
        return np.asarray(near < 1e-5, np.float64)

    judged = Ground(ground.questions, ground.passages, {"exact": metric})
    points = {point.form: point for point in found(workshop(), judged, Limits(quality=0.5), Few()).frontier.points}
    assert points["fp32 onnx"].metric_kept == pytest.approx(1.0)
    assert points["int8-static onnx"].quality < 0.5 < points["int8-static onnx"].score_kept
