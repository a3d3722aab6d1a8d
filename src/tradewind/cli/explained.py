"""Prints an explanation: the text with its words coloured, the weightiest words, and how they add up."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tradewind.evaluation.explanation import Explanation

SHOWN = 10
STRONG, WEAK = 0.5, 0.1
"""Shares of the largest weight from which a word is shown in bold, and from which in colour."""


def print_explanation(found: Explanation) -> None:
    """Prints it; green speaks for the answer, red against it, and the signs say the same without colour."""
    console = Console(highlight=False)
    console.print(f"{found.estimator}: {found.target}", markup=False)
    console.print(coloured(found))
    table = Table(box=None, pad_edge=False)
    table.add_column("word", overflow="fold")
    table.add_column("weight", justify="right")
    for one in found.strongest()[:SHOWN]:
        table.add_row(Text(one.word), f"{one.weight:+.4f}")
    console.print(table)
    steps = f", {found.steps} steps" if found.steps else ""
    print(
        f"{found.output} {found.value:.4f}, without any word {found.baseline:.4f}, left over {found.delta:+.4f} "
        f"({found.method}{steps}; version {found.version})"
    )


def coloured(found: Explanation) -> Text:
    """Returns the text as it stands, its words in the colour of their side."""
    text = Text()
    for piece, weight in found.pieces():
        strength = found.strength(weight or 0.0)
        side = "green" if (weight or 0.0) >= 0 else "red"
        text.append(piece, style=f"{'bold ' if strength >= STRONG else ''}{side}" if strength >= WEAK else "")
    return text
