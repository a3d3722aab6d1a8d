"""The review queue as a file: what waits is written for colleagues, and what they decided is taken back."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tradewind.data.files import written_whole
from tradewind.data.spreadsheets import plain_cell, safe_cell
from tradewind.errors import DataError, NotFoundError
from tradewind.flows.describing import Desk
from tradewind.tasks.describe.drafts import Draft
from tradewind.tasks.describe.review import Reviewed

COLUMNS: Final = ("number", "item", "language", "title", "text", "findings", "decision", "edited", "reason")
APPROVE, DESPITE, REJECT = "approve", "approve despite findings", "reject"
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Decisions:
    """How many drafts of a sheet were approved and rejected, and how many lines had no decision."""

    approved: int
    rejected: int
    left: int


@dataclass(frozen=True, slots=True)
class _Decided:
    number: int
    decision: str
    edited: Draft | None
    reason: str


def findings_text(draft: Draft) -> str:
    """Returns what was found, in words: check, kind and passage."""
    return "; ".join(f"{one.check} {one.span.kind}: {one.span.text}" for one in draft.findings)


def write_review_sheet(desk: Desk, path: Path) -> int:
    """Writes a CSV of the drafts that wait, with `decision`, `edited` and `reason` to fill in. Returns how many."""
    waiting = desk.waiting()
    with written_whole(path) as file:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_row(desk, one) for one in waiting])
        # The mark in front tells spreadsheets that this is UTF-8.
        file.write(text.getvalue().encode("utf-8-sig"))
    return len(waiting)


def take_review_sheet(desk: Desk, path: Path, reviewer: str) -> Decisions:
    """Takes the decisions of a filled sheet, all or none; a text in `edited` takes the draft's place, checked anew.

    Raises DataError naming line and field of a decision that is none, a draft that does not wait, or a text with
    findings that was not approved despite them.
    """
    rows = _read(path)
    waiting = {one.number: one for one in desk.waiting()}
    faults: list[str] = []
    decided = [one for line, row in rows if (one := _decided(desk, waiting, line, row, faults))]
    if faults:
        more = f" (and {len(faults) - SHOWN} more)" if len(faults) > SHOWN else ""
        raise DataError("; ".join(faults[:SHOWN]) + more, where=str(path), hint="nothing was taken; mend these lines")
    for one in decided:
        if one.decision == REJECT:
            desk.queue.reject(one.number, reviewer, one.reason)
        else:
            desk.queue.approve(one.number, reviewer, edited=one.edited, despite_findings=one.decision == DESPITE)
    rejected = sum(one.decision == REJECT for one in decided)
    return Decisions(len(decided) - rejected, rejected, len(rows) - len(decided))


def _row(desk: Desk, one: Reviewed) -> list[str]:
    item = desk.items.get(one.draft.item)
    told = (item.title if item else "", one.draft.text, findings_text(one.draft))
    return [str(one.number), safe_cell(one.draft.item), one.draft.language, *map(safe_cell, told), "", "", ""]


def _read(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"the sheet cannot be read: {error.strerror or error}", where=str(path)) from None
    except UnicodeDecodeError:
        raise DataError("the sheet is not UTF-8", where=str(path)) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = {"number", "decision"} - set(reader.fieldnames or ())
    if missing:
        raise DataError(f"the sheet has no column {sorted(missing)[0]!r}", where=str(path))
    return [(reader.line_num, {name: value or "" for name, value in row.items() if name}) for row in reader]


def _decided(
    desk: Desk, waiting: dict[int, Reviewed], line: int, row: dict[str, str], faults: list[str]
) -> _Decided | None:
    decision, edited = row["decision"].strip().lower(), plain_cell(row.get("edited", "")).strip()
    if not decision:
        return None
    if decision not in (APPROVE, DESPITE, REJECT):
        faults.append(f"line {line}, decision: {decision!r} is none of {APPROVE}, {DESPITE}, {REJECT}")
        return None
    number = row["number"].strip()
    one = waiting.pop(int(number), None) if number.isascii() and number.isdecimal() else None
    if one is None:
        faults.append(f"line {line}, number: no draft {number!r} waits")
        return None
    draft = one.draft
    if edited:
        try:
            draft = desk.edited(draft, edited)
        except NotFoundError as error:
            faults.append(f"line {line}, item: {error.what}")
    if decision == APPROVE and draft.findings:
        faults.append(f"line {line}, decision: the text has findings: {findings_text(draft)}")
    return _Decided(one.number, decision, draft if edited else None, row.get("reason", "").strip())
