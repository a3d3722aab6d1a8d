"""Reads a table of what users told of themselves. An own id of a user becomes the pseudonym at once and is not kept."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final

import orjson

from tradewind.data.batch_fields import evaluated
from tradewind.data.checks import Finding
from tradewind.data.expressions import Expression, parse_all
from tradewind.data.files import written_whole
from tradewind.data.quarantine import Quarantine, quarantine_path
from tradewind.data.report import TableReport
from tradewind.data.sources import SourceBatch, open_source
from tradewind.data.store import open_store, people
from tradewind.data.values import to_texts
from tradewind.errors import DataError
from tradewind.settings import PredictedSettings, Shop

HIDDEN: Final = "[hidden]"


@dataclass(frozen=True, slots=True)
class Told:
    """Pseudonym to band, of those who have events here and personalisation switched on; and what became of the rows."""

    bands: Mapping[str, str]
    report: TableReport

    def digest(self) -> str:
        """Returns the sha256 of all that was told: what a model names as the data that made it."""
        return hashlib.sha256(orjson.dumps(sorted(self.bands.items()))).hexdigest()


def read_told(shop: Shop, name: str, settings: PredictedSettings) -> Told:
    """Returns what the table of the attribute `name` says; bad rows lie in quarantine/NAME.jsonl, without their users.

    A user who told two things is left out, and so is whoever switched personalisation off, was erased, or has no
    events. Raises DataError for a missing column.
    """
    path = quarantine_path(shop.quarantine, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    reader = _Reader({told: band for band, values in settings.bands.items() for told in values})
    with written_whole(path) as file:
        bad = Quarantine(file)
        fields = parse_all({"user": settings.user, "target": settings.target})
        for batch in open_source(settings.source, shop.root).batches():
            reader.take(batch, fields, bad)
    bands, notes = _pseudonymous(shop, reader.agreed())
    notes["users_who_told_two_things"] = len(reader.found) - len(reader.agreed())
    report = TableReport(
        name, settings.source.path or name, reader.read, len(reader.found), reader.repeats, bad.rows,
        dict(bad.reasons), notes, str(path),
    )  # fmt: skip
    return Told(bands, report)


class _Reader:
    def __init__(self, band_of: Mapping[str, str]) -> None:
        self._band_of = band_of
        self.found: dict[str, set[str]] = {}
        self.read = self.repeats = 0

    def take(self, batch: SourceBatch, fields: Mapping[str, Expression], bad: Quarantine) -> None:
        """Adds what the rows of a batch say and lists the others."""
        given, findings = evaluated(batch, fields)
        rows = batch.columns.num_rows
        users, told = (to_texts(given[part]).values.to_pylist() for part in ("user", "target"))
        for place in range(rows):
            finding = findings.get(place) or self._add(users[place], told[place])
            if finding:
                findings[place] = finding
        self.read += rows + len(batch.unreadable)
        # A line that is no row may still hold the id of a user.
        bad.add_lines(batch.file, tuple(replace(line, value=HIDDEN) for line in batch.unreadable))
        bad.add_rows(batch, {"target": given["target"]}, findings)

    def agreed(self) -> dict[str, str]:
        """Returns the band of each user who told one."""
        return {user: next(iter(bands)) for user, bands in self.found.items() if len(bands) == 1}

    def _add(self, user: str | None, told: str | None) -> Finding | None:
        if not user or not told:
            return Finding("target" if user else "user", f"empty_{'target' if user else 'user'}")
        if self._band_of and told not in self._band_of:
            return Finding("target", "in_no_band")
        known = self.found.get(user)
        self.repeats += known is not None
        self.found.setdefault(user, set()).add(self._band_of.get(told, told))
        return None


def _pseudonymous(shop: Shop, told: Mapping[str, str]) -> tuple[dict[str, str], dict[str, int]]:
    """Returns band by pseudonym, and counts of the users of whom nothing may or can be learned."""
    with closing(open_store(shop)) as store, store.reading() as connection:
        known = people.find(connection, list(told))
        willing = people.willing(connection, list(known.values()))
    notes = {
        "users_without_events": len(told) - len(known),
        "users_without_personalisation": sum(name not in willing for name in known.values()),
    }
    bands = {name: told[user] for user, name in known.items() if name in willing}
    if not bands:
        raise DataError(
            "nobody in this table is a user with events and personalisation",
            hint="are its ids those of the column `user` in `events`?",
        )
    return bands, notes
