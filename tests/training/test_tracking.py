"""What a tracker is told of a run, and that a tracker which fails stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import torch
from torch import nn

from tradewind import plugins
from tradewind.errors import ConfigError
from tradewind.settings import Shop
from tradewind.telemetry import SilentProgress
from tradewind.training.plan import Plan
from tradewind.training.tracking import Tracked, flattened, tracked
from tradewind.training.trainer import Objective, fit
from tradewind.training.watching import watched_by, watchers

PLAN = Plan("full", 4, 2, 1, 2, 0.05, "adamw", 0.0, 0.1, 0.0, 9, 13, 1, method_options={"rank": 3, "words": ["own"]})


class Line(Objective):
    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(2, 1)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": (self.line(x) - x.sum(-1, keepdim=True)).pow(2).mean()}


class Points:
    def __len__(self) -> int:
        return 4

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        return {"x": torch.randn(3, 2, generator=torch.Generator().manual_seed(place))}


def learn(folder: Path) -> None:
    told = iter([0.1, 0.2])
    fit(Line(), Points(), PLAN, folder, validate=lambda: next(told), watched="accuracy", progress=SilentProgress())


class Kept:
    def __init__(self) -> None:
        self.runs: list[dict[str, object]] = []

    def begin(self, name: str, settings: Mapping[str, object]) -> None:
        self.runs.append({"name": name, "settings": dict(settings), "logged": []})

    def log(self, figures: Mapping[str, float], step: int) -> None:
        self.runs[-1]["logged"].append((step, dict(figures)))  # type: ignore[attr-defined]

    def end(self, figures: Mapping[str, float], *, whole: bool) -> None:
        self.runs[-1] |= {"end": dict(figures), "whole": whole}


class Broken(Kept):
    def log(self, figures: Mapping[str, float], step: int) -> None:
        raise OSError("no space left on device\nat line 3")


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    one = Kept()
    monkeypatch.setattr(plugins, "load", lambda group, name: lambda place: one)
    yield one


def test_every_run_is_told_with_plan_losses_metric_and_last_figures(
    kept: Kept, make_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    shop = make_shop(tracking="kept")
    with tracked(shop, "section", SilentProgress(), {"blocks": 2}) as run:
        learn(tmp_path / "a")
        learn(tmp_path / "b")
        run.final({"tuned/accuracy": 0.7})
    first, second = kept.runs
    assert first["settings"]["plan.learning_rate"] == 0.05  # type: ignore[index]
    assert first["settings"]["blocks"] == 2  # type: ignore[index]
    logged: list[tuple[int, dict[str, float]]] = first["logged"]  # type: ignore[assignment]
    assert [step for step, figures in logged if "loss" in figures] == [1, 2, 3, 4]
    assert [figures["accuracy"] for _, figures in logged if "accuracy" in figures] == [0.1, 0.2]
    assert first["end"] == {"steps": 4.0, "weights of step": 4.0, "best accuracy": 0.2}
    assert second["end"]["tuned/accuracy"] == 0.7  # type: ignore[index]
    assert second["whole"] is True
    assert watchers() == ()


def test_a_run_that_breaks_off_is_closed_as_such(kept: Kept, make_shop: Callable[..., Shop], tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), tracked(make_shop(tracking="kept"), "section", SilentProgress()):
        learn(tmp_path)
        raise KeyboardInterrupt
    assert kept.runs[0]["whole"] is False


def test_a_tracker_that_fails_is_told_once_and_the_run_goes_on(tmp_path: Path) -> None:
    notes = Notes()
    with watched_by(Tracked(Broken(), "section", {}, notes)):
        learn(tmp_path)
    assert notes.said == ["      tracking stopped, the run goes on (OSError: no space left on device)"]


def test_lists_of_words_are_not_told() -> None:
    told = flattened({"plan": {"method_options": {"rank": 3, "words": ["own"]}, "none": None}, "on": True})
    assert told == {"plan.method_options.rank": 3, "on": True}


def test_an_unknown_tracker_is_a_sentence_that_names_those_there_are(make_shop: Callable[..., Shop]) -> None:
    with (
        pytest.raises(ConfigError, match="mlflow, wandb"),
        tracked(make_shop(tracking="mlflo"), "section", SilentProgress()),
    ):
        pass
