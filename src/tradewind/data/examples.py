"""Reads a table of labelled texts: what an estimator of the shop's own learns from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pyarrow.compute as pc

from tradewind.data.checks import Finding
from tradewind.data.example_rows import ExampleRows, Row
from tradewind.data.expressions import parse_all
from tradewind.data.files import written_whole
from tradewind.data.quarantine import Quarantine, quarantine_path
from tradewind.data.report import TableReport
from tradewind.data.snapshot import latest_snapshot
from tradewind.data.sources import open_source
from tradewind.errors import DataError
from tradewind.privacy.masking import mask
from tradewind.settings import ExamplesSettings, Shop, SourceSettings

PARTS: Final = ("text", "picture", "second", "target", "group")
"""What of a row may be an example's."""
Parse = Callable[[str], Any]
"""A target as it is written to the task's own value; raises ValueError with the reason when it is none."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """What a task asks beyond its targets' form. `fit` gets the untrimmed text and the target, and returns both as
    they are learned or raises ValueError with the reason; `unfit` gets all targets and returns the places of those
    from which nothing can be learned, each with the reason and the value. With `empty` a target may be empty."""

    fit: Callable[[str, Any], tuple[str, Any]] | None = None
    unfit: Callable[[Sequence[Any]], Mapping[int, tuple[str, str]]] | None = None
    empty: bool = False


@dataclass(slots=True)
class Examples:
    """Texts, the second texts of pairs ("" without one), targets in the task's form, and the groups of a split.

    Of pictures the texts are their files' names within the shop's folder, and the second texts hashes of their bytes.
    `places` says where a row of the table stands, "file:line"; texts that were made have none.
    """

    texts: list[str] = field(default_factory=list)
    seconds: list[str] = field(default_factory=list)
    targets: list[Any] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    def without(self, rows: Collection[int]) -> Examples:
        """Returns the examples that are not in `rows`."""
        kept = [row for row in range(len(self)) if row not in rows]
        parts = (self.texts, self.seconds, self.targets, self.groups, self.places)
        return Examples(*([part[row] for row in kept] for part in parts))

    def digest(self) -> str:
        """Returns the sha256 of all of them in their order: what a model names as the data that made it."""
        found = hashlib.sha256()
        for row in zip(self.texts, self.seconds, self.targets, self.groups, strict=True):
            found.update(orjson.dumps([str(value) for value in row], option=orjson.OPT_APPEND_NEWLINE))
        return found.hexdigest()


def read_examples(
    shop: Shop, name: str, settings: ExamplesSettings, parse: Parse, fitting: Fitting | None = None
) -> tuple[Examples, TableReport]:
    """Returns the examples, each once, and what became of every row; bad rows lie in quarantine/NAME.jsonl.

    The rows of `settings.answers` follow those of the source. Personal data in a text is masked.
    Raises DataError for a missing column or when no row is left.
    """
    fitting = fitting or Fitting()
    rows = _TextRows(parse, fitting, _item_texts(shop) if settings.second_as == "item" else None)
    return read_table(shop, name, _tables(settings, shop), rows)


def read_table(
    shop: Shop, name: str, tables: Sequence[ExamplesSettings], rows: ExampleRows[Examples]
) -> tuple[Examples, TableReport]:
    """Returns what `rows` finds in `tables`, one after another, as `read_examples` does."""
    path = quarantine_path(shop.quarantine, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        bad = Quarantine(file)
        for table in tables:
            fields = parse_all({part: getattr(table, part) for part in PARTS})
            for batch in open_source(table.source, shop.root).batches():
                rows.take(batch, fields, bad)
        rows.leave_out(bad)
    where = tables[0].source.path or tables[0].source.query or name
    report = TableReport(
        name, where, rows.read, len(rows.found), rows.repeats, bad.rows, dict(bad.reasons), {}, str(path)
    )
    if not len(rows.found):
        raise DataError(f"none of {rows.read} rows is an example", where=where, hint=f"the reasons are in {path}")
    return rows.found, report


def answers_settings(path: str) -> ExamplesSettings:
    """Returns how a file that `tradewind label` wrote is read."""
    return ExamplesSettings(source=SourceSettings(kind="csv", path=path), text="text", target="label")


def _tables(settings: ExamplesSettings, shop: Shop) -> list[ExamplesSettings]:
    # Nobody may have answered yet: then the file is not there.
    if settings.answers is None or not (shop.root / settings.answers).exists():
        return [settings]
    return [settings, answers_settings(settings.answers)]


class _TextRows(ExampleRows[Examples]):
    def __init__(self, parse: Parse, fitting: Fitting, items: Mapping[str, str] | None) -> None:
        super().__init__(Examples())
        self._parse = parse
        self._fitting = fitting
        self._asked = ("text", "second") if fitting.empty else ("text", "second", "target")
        self._items = items
        self._seen: set[tuple[str, str, str]] = set()

    def leave_out(self, bad: Quarantine) -> None:
        """Lists the examples from which nothing can be learned, and takes them out; what is left is looked at again."""
        unfit = self._fitting.unfit
        while unfit and (found := unfit(self.found.targets)):
            for place, (reason, value) in sorted(found.items()):
                bad.add(self.found.places[place], Finding("target", reason), value)
            self.found = self.found.without(found)

    def add(self, row: Row) -> Finding | None:
        """Keeps the row as an example, counts it as a repeat, or returns what is wrong with it."""
        for part in self._asked:
            if part in row.values and not row.values[part]:
                return Finding(part, f"empty_{part}")
        text, second, written = row["text"], row["second"], row["target"]
        if self._items is not None:
            if second not in self._items:
                return Finding("second", "unknown_item")
            second = self._items[second]
        try:
            target = self._parse(written)
            if self._fitting.fit:
                text, target = self._fitting.fit(row.untrimmed("text") or text, target)
        except ValueError as error:
            return Finding("target", str(error))
        if (text, second, written) in self._seen:
            self.repeats += 1
            return None
        self._seen.add((text, second, written))
        self.found.texts.append(mask(text).text)
        self.found.seconds.append(mask(second).text)
        self.found.targets.append(target)
        self.found.groups.append(row["group"] or without_numbers(text))
        self.found.places.append(row.stands)
        return None


def without_numbers(text: str) -> str:
    """Returns what variants of one product share: the text in lower case without numbers and signs."""
    return " ".join(re.findall(r"[^\W\d_]+", text.lower())) or text


def _item_texts(shop: Shop) -> dict[str, str]:
    """Returns what the encoder reads of each item, by its id. Raises NotFoundError before the catalogue was read."""
    items = latest_snapshot(shop).items()
    texts = pc.if_else(pc.equal(items["text"], ""), items["title"], items["text"])
    return dict(zip(items["id"].to_pylist(), texts.to_pylist(), strict=True))
