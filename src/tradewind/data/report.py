"""What an ingest did, row by row accounted for, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tradewind.data.files import written_whole


@dataclass(frozen=True, slots=True)
class TableReport:
    """One source's rows: `read` is `stored` + `duplicates` + `quarantined`, always."""

    table: str
    source: str
    read: int
    stored: int
    duplicates: int
    quarantined: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    """What is worth knowing but no loss: titles taken from a category, masked numbers, items that left."""
    quarantine: str | None = None

    @property
    def kept(self) -> int:
        """How many rows are in the store after this run."""
        return self.stored + self.duplicates


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a whole ingest did. `seconds` is the time it took, `snapshot` the hash of what it left."""

    tables: tuple[TableReport, ...]
    snapshot: str
    seconds: float
    priced: int = 0
    """Items whose price was derived from purchases."""

    @property
    def read(self) -> int:
        return sum(table.read for table in self.tables)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report ready for JSON."""
        return asdict(self)

    def text(self) -> str:
        """Returns the report to be read by a person."""
        lines = [
            f"Read {self.read:,} rows in {self.seconds:.1f} s ({self.read / max(self.seconds, 1e-9):,.0f} a second)."
        ]
        for table in self.tables:
            lines += table_lines(table)
        if self.priced:
            lines.append(f"prices derived from purchases: {self.priced:,} items")
        return "\n".join([*lines, f"snapshot {self.snapshot}"])

    def write(self, folder: Path) -> None:
        """Writes `ingest.json` and `ingest.txt`. Raises StoreError."""
        with written_whole(folder / "ingest.json") as file:
            file.write(orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2))
        with written_whole(folder / "ingest.txt") as file:
            file.write(f"{self.text()}\n".encode())


def table_lines(table: TableReport) -> list[str]:
    """Returns what became of one source's rows, in lines for a person."""
    head = f"{table.table} ({table.source}): {table.read:,} read = {table.stored:,} stored"
    lines = [f"{head} + {table.duplicates:,} there already + {table.quarantined:,} in quarantine"]
    lines += [
        f"  quarantined, {reason.replace('_', ' ')}: {count:,}" for reason, count in sorted(table.reasons.items())
    ]
    lines += [f"  {note.replace('_', ' ')}: {count:,}" for note, count in sorted(table.notes.items()) if count]
    return lines + ([f"  listed in {table.quarantine}"] if table.quarantined else [])
