"""Figures of a run as SVG: the curves of loss and validation, and methods beside one another."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from tradewind.training.trainer import Curves

OURS = "#0b6e8f"
OTHERS = "#b8c4ce"
LINE = "#c8553d"


def curves_figure(curves: Curves) -> str:
    """Returns an SVG element: the loss by step with its running mean, and the watched metric with its best step, where
    one was watched."""
    figure = Figure(figsize=(9 if curves.validation else 4.5, 3.2), layout="constrained")
    loss, *watching = figure.subplots(1, 2 if curves.validation else 1, squeeze=False)[0]
    steps, values = _columns(curves.loss)
    loss.plot(steps, values, color=OTHERS, linewidth=1, label="each step")
    loss.plot(steps, _running_mean(values), color=OURS, linewidth=2, label="running mean")
    loss.set(title="Loss", xlabel="step", ylim=(0, None))
    loss.legend(frameon=False)
    for watched in watching:
        steps, values = _columns(curves.validation)
        watched.plot(steps, values, color=OURS, marker="o")
        watched.axvline(curves.best_step, color=LINE, linestyle="--", label=f"kept: step {curves.best_step}")
        watched.set(title=f"Validation: {curves.watched}", xlabel="step")
        watched.legend(frameon=False)
    return svg(figure)


def bars_figure(title: str, rows: Mapping[str, Mapping[str, float]], metrics: Sequence[str], ours: str) -> str:
    """Returns an SVG element: for each metric one bar a method, ours in colour, the value at its end."""
    height = 0.9 + 0.34 * len(rows)
    figure = Figure(figsize=(max(4.5, 4.2 * len(metrics)), height), layout="constrained")
    figure.suptitle(title)
    for axes, metric in zip(np.atleast_1d(figure.subplots(1, len(metrics), sharey=True)), metrics, strict=True):
        names = [name for name in rows if metric in rows[name]]
        values = [rows[name][metric] for name in names]
        bars = axes.barh(names, values, color=[OURS if name == ours else OTHERS for name in names])
        axes.bar_label(bars, fmt="%.3f", padding=3)
        axes.set(title=metric, xlim=(0, max([*values, 1e-9]) * 1.18))
        axes.invert_yaxis()
    return svg(figure)


def _columns(points: Sequence[tuple[int, float]]) -> tuple[list[int], list[float]]:
    return [step for step, _ in points], [value for _, value in points]


def _running_mean(values: Sequence[float], over: int = 10) -> list[float]:
    return [float(np.mean(values[max(0, end - over) : end])) for end in range(1, len(values) + 1)]


def svg(figure: Figure) -> str:
    """Returns the figure as an SVG element; the same run draws the same bytes."""
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "tradewind", "svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue()[drawn.getvalue().index("<svg") :]
