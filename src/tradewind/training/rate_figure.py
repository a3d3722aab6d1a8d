"""The curve of a learning-rate test as SVG."""

from __future__ import annotations

from matplotlib.figure import Figure

from tradewind.training.figures import LINE, OTHERS, OURS, svg
from tradewind.training.rate_test import RateCurve


def rate_figure(curve: RateCurve) -> str:
    """Returns an SVG element: the loss over the rate, with the steepest place, the bound and the plan's own rate."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(curve.rates, curve.losses, color=OTHERS, linewidth=1, label="each step")
    axes.plot(curve.rates[: len(curve.smoothed)], curve.smoothed, color=OURS, linewidth=2, label="smoothed")
    axes.axvline(curve.usual, color=OTHERS, linestyle=":", label=f"the plan's own: {curve.usual:.1e}")
    if curve.suggested is not None and curve.suggested != curve.steepest:
        axes.axvline(curve.suggested, color=OURS, linestyle="-.", label=f"suggested: {curve.suggested:.1e}")
    if curve.steepest is not None:
        axes.axvline(curve.steepest, color=OURS, linestyle="--", label=f"steepest: {curve.steepest:.1e}")
    if curve.bound is not None:
        axes.axvline(curve.bound, color=LINE, linestyle="--", label=f"too large above: {curve.bound:.1e}")
    # One step that broke away would press all others flat.
    top = max(curve.smoothed[:1], default=1.0) * 1.6
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss", ylim=(0, top))
    axes.set_title("Loss while the learning rate rises")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return svg(figure)
