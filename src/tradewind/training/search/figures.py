"""Figures of a search as SVG: how it went on, and what made a difference."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tradewind.training.figures import LINE, OTHERS, OURS, svg
from tradewind.training.search.study import Found


def history_figure(found: Found, watched: str) -> str:
    """Returns an SVG element: every trial, the best one so far, and the one of the run's own settings."""
    whole = [(trial.number, trial.validated) for trial in found.trials if trial.validated is not None]
    numbers, values = [number for number, _ in whole], [value for _, value in whole]
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(numbers, values, "o", color=OURS, label="a trial")
    axes.step(
        numbers, [max(values[: end + 1]) for end in range(len(values))], where="post", color=OURS, label="best so far"
    )
    usual = [trial.validated for trial in found.trials if trial.usual and trial.validated is not None]
    if usual:
        axes.axhline(usual[0], color=OTHERS, linestyle=":", label="the defaults")
    given_up = [trial.number for trial in found.trials if trial.validated is None]
    if given_up:
        axes.plot(given_up, [min(values)] * len(given_up), "x", color=LINE, label="given up early")
    axes.set(xlabel="trial", ylabel=f"validation: {watched}", title="How the search went on")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return svg(figure)


def importance_figure(found: Found) -> str:
    """Returns an SVG element: each setting's share in what made a difference among the trials."""
    names = sorted(found.importances, key=lambda name: found.importances[name])
    figure = Figure(figsize=(9, 0.9 + 0.34 * len(names)), layout="constrained")
    axes = figure.subplots()
    shares = [found.importances[name] for name in names]
    bars = axes.barh(names, shares, color=OURS)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    axes.set(title="What made a difference (PED-ANOVA)", xlim=(0, max(shares) * 1.18))
    return svg(figure)
