"""The page of a search: the frontier drawn, its points and what was left out in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from tradewind.compression.search.frontier import Frontier, Point
from tradewind.compression.search.vectors import Holding
from tradewind.evaluation.report import Page, Table
from tradewind.training.figures import svg

COLOURS: Final = ("#0b6e8f", "#c8553d", "#6a8d3a", "#8a5fa8", "#b08a1e", "#4b5a68", "#d1709b", "#2f9e8f")
LIMIT: Final = "#8996a3"


def frontier_page(frontier: Frontier, held: Sequence[Holding], facts: Mapping[str, str], chosen: Point | None) -> Page:
    """Returns the page; `chosen` is None where nothing is within the limits, `held` the ways to hold its vectors."""
    tables = [frontier_table(frontier, chosen)]
    tables += [cuts_table(frontier, chosen)] if chosen else []
    tables += [holdings_table(held)] if held else []
    left = tuple(f"{name}: {why}" for name, why in frontier.left_out.items())
    tables += [Table("Left out", (), {}, notes=left)] if left else []
    return Page("Compression", facts, tables, [frontier_figure(frontier, chosen)])


def frontier_table(frontier: Frontier, chosen: Point | None) -> Table:
    """Returns the points of the frontier, fastest first, and in a note what they were held against."""
    rows = {point.name: _row(point) for point in frontier.best()}
    if chosen is not None:
        rows.setdefault(chosen.name, _row(chosen))
    notes = (
        f"asked: {frontier.limits.told}; {len(frontier.points)} points measured, those that nothing beats are shown",
        "quality: the worse of what the first ten are worth to the original and of each shop metric, as shares",
        "metric kept: of the metric that lost most, chance included, which quality does not count",
        "ms: processor time of one short text on one thread, and of one among many; B: a vector in one byte a number",
    )
    columns = ("quality", "first ten kept", "metric kept", "ms", "ms of many", "MB", "B a vector")
    return Table("Quality, latency, size", columns, rows, chosen.name if chosen else None, notes, down="point")


def cuts_table(frontier: Frontier, chosen: Point) -> Table:
    """Returns the chosen encoder with whole vectors and cut ones."""
    columns = ("quality", "first ten kept", "metric kept", "B a vector")
    rows = {f"{point.dimension} numbers": _row(point) for point in frontier.cuts(chosen)}
    return Table(
        "The chosen encoder with shorter vectors", columns, rows, f"{chosen.dimension} numbers", down="vectors"
    )


def holdings_table(held: Sequence[Holding]) -> Table:
    """Returns the ways to hold vectors with what is found of the exact first ten and hundred."""
    rows = {
        f"{one.dimension}, {one.way}": {
            "first ten found": one.ten,
            "first hundred found": one.hundred,
            "B scanned": one.scanned,
            "B stored": one.stored,
        }
        for one in held
    }
    columns = ("first ten found", "first hundred found", "B scanned", "B stored")
    notes = ("Bytes a vector, without a graph; the index that serves finds by int8 (docs/adr/0017).",)
    return Table(
        "How an index may hold the chosen encoder's vectors", columns, rows, notes=notes, down="numbers, held as"
    )


def frontier_figure(frontier: Frontier, chosen: Point | None) -> str:
    """Returns an SVG element: latency across, quality up, a mark's area the size on disk, cut vectors as rings."""
    figure = Figure(figsize=(9, 5.2), layout="constrained")
    axes = figure.subplots()
    longest = max((point.dimension for point in frontier.points), default=0)
    largest = max((point.bytes for point in frontier.points), default=1)
    for number, technique in enumerate(dict.fromkeys(point.technique for point in frontier.points)):
        colour = COLOURS[number % len(COLOURS)]
        own = [point for point in frontier.points if point.technique == technique]
        most = max(point.dimension for point in own)
        axes.scatter([], [], color=colour, label=technique)
        for point in own:
            full = point.dimension in (longest, most)
            area = 25 + 375 * point.bytes / largest
            axes.scatter(
                point.ms, point.quality, s=area, color=colour if full else "none", edgecolors=colour, alpha=0.75
            )
    _line(axes, frontier)
    if chosen is not None:
        label = f"chosen: {chosen.name}"
        axes.scatter(
            chosen.ms, chosen.quality, s=620, facecolors="none", edgecolors="#1b2733", linewidths=2.5, label=label
        )
    if frontier.limits.ms is not None:
        axes.axvline(frontier.limits.ms, color=LIMIT, linestyle="--", linewidth=1)
    axes.axhline(frontier.limits.floor, color=LIMIT, linestyle="--", linewidth=1)
    axes.set(xscale="log", xlabel="ms for one short text, one thread", ylabel="share of the original's quality")
    axes.set_title("Area: size on disk; rings: vectors cut short; dashed: what is asked", fontsize=10)
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(1.0, 0.0), markerscale=0.6)
    return svg(figure)


def _line(axes: object, frontier: Frontier) -> None:
    """Draws the best quality that is to be had within each time."""
    best = sorted(frontier.best(), key=lambda point: point.ms)
    if best:
        times, quality = [point.ms for point in best], np.maximum.accumulate([point.quality for point in best])
        axes.step(times, quality, where="post", color="#1b2733", linewidth=1)  # type: ignore[attr-defined]


def _row(point: Point) -> dict[str, float]:
    row = {
        "quality": point.quality,
        "first ten kept": point.first_ten,
        "ms": point.ms,
        "ms of many": point.ms_of_many,
        "MB": point.bytes / 1e6,
        "B a vector": point.item_bytes,
    }
    return row if point.metric_kept is None else row | {"metric kept": point.metric_kept}
