"""Texts in CSV files that people open in a spreadsheet, where a cell that begins like a formula would be run."""

from __future__ import annotations

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")


def safe_cell(text: str) -> str:
    """Returns `text` with an apostrophe before it when a spreadsheet could take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def plain_cell(cell: str) -> str:
    """Returns the text that `safe_cell` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
