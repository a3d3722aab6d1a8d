"""What a run came to: a table as text and as HTML, and one HTML page that stands alone."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b2733; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
table { border-collapse: collapse; }
th, td { padding: .3rem .8rem; border-bottom: 1px solid #d5dde5; text-align: right; }
th:first-child, td:first-child { text-align: left; } tr.ours { font-weight: 600; background: #eef5f9; }
table.facts td { text-align: left; vertical-align: top; } table.facts td:first-child { white-space: nowrap; }
table.facts td:last-child { overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; } p.note { color: #51606e; }
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Methods, or what `down` says, down and metrics across; without rows only the notes are shown.

    `ours` names the row that is put forward; a missing value prints as a dash.
    """

    title: str
    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, float]]
    ours: str | None = None
    notes: tuple[str, ...] = ()
    down: str = "method"

    def as_text(self) -> str:
        """Returns the table in columns of equal width, its notes below."""
        if not self.rows:
            return "\n".join([self.title, *self.notes])
        head = [self.down, *self.columns]
        lines = [
            [name, *(_number(values.get(column)) for column in self.columns)] for name, values in self.rows.items()
        ]
        widths = [max(_width(line[place]) for line in [head, *lines]) for place in range(len(head))]
        drawn = [_row(line, widths) for line in [head, ["-" * width for width in widths], *lines]]
        return "\n".join([self.title, *drawn, *self.notes])

    def as_html(self) -> str:
        """Returns a heading, a table element and a paragraph per note, everything escaped."""
        head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in (self.down, *self.columns))
        body = "".join(self._html_row(name, values) for name, values in self.rows.items())
        notes = "".join(f"<p class='note'>{html.escape(note)}</p>" for note in self.notes)
        table = f"<table><tr>{head}</tr>{body}</table>" if self.rows else ""
        return f"<h2>{html.escape(self.title)}</h2>{table}{notes}"

    def as_json(self) -> dict[str, dict[str, float]]:
        """Returns the rows as plain dictionaries."""
        return {name: dict(values) for name, values in self.rows.items()}

    def _html_row(self, name: str, values: Mapping[str, float]) -> str:
        cells = "".join(f"<td>{_number(values.get(column))}</td>" for column in self.columns)
        mark = " class='ours'" if name == self.ours else ""
        return f"<tr{mark}><td>{html.escape(name)}</td>{cells}</tr>"


@dataclass(frozen=True, slots=True)
class Page:
    """A report of one run. `figures` are SVG elements; `facts` are what made the run: seed, weights, snapshot."""

    title: str
    facts: Mapping[str, str]
    tables: Sequence[Table]
    figures: Sequence[str] = field(default=())
    language: str = "en"

    def as_html(self) -> str:
        """Returns the whole page, which loads nothing from anywhere."""
        rows = "".join(f"<tr><td>{html.escape(k)}</td><td>{html.escape(v)}</td></tr>" for k, v in self.facts.items())
        facts = f"<h2>How it was made</h2><table class='facts'>{rows}</table>" if rows else ""
        parts = [
            *(table.as_html() for table in self.tables),
            *(f"<figure>{figure}</figure>" for figure in self.figures),
        ]
        title = html.escape(self.title)
        return (
            f"<!doctype html><html lang='{html.escape(self.language)}'><head><meta charset='utf-8'>"
            f"<meta name='viewport' content='width=device-width'><title>{title}</title><style>{_STYLE}</style></head>"
            f"<body><h1>{title}</h1>{''.join(parts)}{facts}</body></html>\n"
        )


def fact(value: Any) -> str:
    """Returns a fact as a reader takes it: names before their values, one after another; a dash for nothing."""
    if isinstance(value, Mapping):
        parts = [f"{name} {fact(held)}" for name, held in value.items() if held not in (None, "", {}, [])]
        return ", ".join(parts) or "–"
    if isinstance(value, list | tuple):
        return "; ".join(fact(held) for held in value) or "–"
    return "–" if value is None else str(value)


def _number(value: float | None) -> str:
    if value is None or value != value:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = [" " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    return "  ".join([cells[0] + first, *(pad + cell for pad, cell in zip(rest, cells[1:], strict=True))])
