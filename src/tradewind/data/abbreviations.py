"""A shop's own abbreviations, spelled out in every text field."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pyarrow as pa

from tradewind.data.files import locate
from tradewind.errors import ConfigError


class Abbreviations:
    """Words and what they stand for. A match is a whole word, whatever its case; the longest one wins."""

    def __init__(self, pairs: dict[str, str]) -> None:
        self._long = {short.casefold(): long for short, long in pairs.items()}
        ordered = sorted(self._long, key=len, reverse=True)
        words = "|".join(re.escape(word) for word in ordered)
        self._pattern = re.compile(rf"(?<![\w])(?:{words})(?![\w])", re.IGNORECASE) if ordered else None

    def spell(self, text: str) -> str:
        """Returns `text` with its abbreviations spelled out, in capitals where the abbreviation was."""
        if self._pattern is None:
            return text
        return self._pattern.sub(self._replacement, text)

    def spell_column(self, column: pa.Array) -> pa.Array:
        """Returns the column with its abbreviations spelled out; each different text is looked at once."""
        if self._pattern is None:
            return column
        coded = column.dictionary_encode()
        spelled = pa.array([self.spell(text) for text in coded.dictionary.to_pylist()], pa.string())
        return spelled.take(coded.indices)

    def _replacement(self, match: re.Match[str]) -> str:
        short = match.group()
        long = self._long[short.casefold()]
        return long.upper() if short.isupper() and long.islower() else long


def load_abbreviations(path: str | None, root: Path) -> Abbreviations:
    """Returns the pairs of a CSV of `short,long`, none without a path. Raises ConfigError naming a wrong line."""
    if path is None:
        return Abbreviations({})
    file = locate(path, root)[0]
    pairs: dict[str, str] = {}
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.reader(opened)
        for row in reader:
            if not row or row[0].startswith("#") or [cell.strip().lower() for cell in row] == ["short", "long"]:
                continue
            if len(row) != 2 or not row[0].strip() or not row[1].strip():
                raise ConfigError(f"expected short,long and found {','.join(row)!r}", where=f"{file}:{reader.line_num}")
            pairs[row[0].strip()] = row[1].strip()
    return Abbreviations(pairs)
