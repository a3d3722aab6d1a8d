"""The review queue: a draft waits until a person approves or rejects it, and nothing else is ever published."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from tradewind.data.store.database import Database
from tradewind.errors import DataError, NotFoundError
from tradewind.tasks.describe.brief import Language
from tradewind.tasks.describe.drafts import Draft, Finding
from tradewind.tasks.describe.spans import Span

Status = Literal["pending", "approved", "rejected"]

_metadata: Final = MetaData()
_NUMBER: Final = BigInteger().with_variant(Integer, "sqlite")
_drafts: Final = Table(
    "drafts",
    _metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("item", Text, nullable=False),
    Column("language", String(2), nullable=False),
    Column("text", Text, nullable=False),
    Column("generator", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("decided", BigInteger),
    Column("reviewer", Text),
    Column("reason", Text),
    Index("drafts_by_item", "item", "language", "status"),
)
"""Beside the store's own tables. Times are in microseconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A draft in the queue. `reviewer` and `reason` are set once a person has decided."""

    number: int
    draft: Draft
    status: Status
    reviewer: str | None = None
    reason: str | None = None


class ReviewQueue(AbstractContextManager["ReviewQueue"]):
    """The drafts of one shop, in its store; several processes may use it at once. Raises StoreError."""

    def __init__(self, store_url: str) -> None:
        self._database = Database(store_url)
        with self._database.writing() as connection:
            _metadata.create_all(connection)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._database.close()

    def submit(self, drafts: Iterable[Draft]) -> list[int]:
        """Adds drafts as pending and returns their numbers; an older draft that still waits for the same item and
        language is rejected as replaced."""
        with self._database.writing() as connection:
            return [_add(connection, draft) for draft in drafts]

    def listed(self, status: Status = "pending", *, most: int = 100) -> list[Reviewed]:
        """Returns at most `most` drafts with `status`, the oldest first."""
        query = select(_drafts).where(_drafts.c.status == status).order_by(_drafts.c.number).limit(most)
        with self._database.reading() as connection:
            return [_reviewed(row) for row in connection.execute(query)]

    def get(self, number: int) -> Reviewed:
        """Returns draft `number`. Raises NotFoundError."""
        with self._database.reading() as connection:
            return _found(connection, number)

    def approve(
        self, number: int, reviewer: str, *, edited: Draft | None = None, despite_findings: bool = False
    ) -> None:
        """Lets draft `number` out; `edited` is what the reviewer made of it, checked anew, and takes its place.

        Raises DataError without a reviewer's name, for a draft that was decided before, and for a text with findings
        unless the reviewer says that they were looked at; NotFoundError when there is no such draft.
        """
        with self._database.writing() as connection:
            draft = edited or _found(connection, number).draft
            if not draft.text.strip():
                raise DataError("an empty text is not published")
            if draft.findings and not despite_findings:
                told = ", ".join(f"{found.check} {found.span.text!r}" for found in draft.findings[:5])
                raise DataError(f"draft {number} has findings: {told}", hint="change the text, or say they are right")
            changed = {"text": draft.text.strip(), "findings": _written(draft)} if edited else {}
            _decide(connection, number, "approved", reviewer, None, changed)

    def reject(self, number: int, reviewer: str, reason: str) -> None:
        """Keeps draft `number` in. Raises as `approve` does."""
        with self._database.writing() as connection:
            _found(connection, number)
            _decide(connection, number, "rejected", reviewer, reason, {})

    def published(self, item: str, language: Language) -> str | None:
        """Returns the text that may be shown for an item: the one approved last, None while there is none."""
        query = (
            select(_drafts.c.text)
            .where(_drafts.c.item == item, _drafts.c.language == language, _drafts.c.status == "approved")
            .order_by(_drafts.c.decided.desc(), _drafts.c.number.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar()


def _add(connection: Connection, draft: Draft) -> int:
    waiting = (_drafts.c.item == draft.item) & (_drafts.c.language == draft.language) & (_drafts.c.status == "pending")
    connection.execute(
        update(_drafts).where(waiting).values(status="rejected", decided=_now(), reason="replaced by a newer draft")
    )
    row = {
        "item": draft.item,
        "language": draft.language,
        "text": draft.text,
        "generator": draft.generator,
        "findings": _written(draft),
        "status": "pending",
        "written": _now(),
    }
    key = connection.execute(insert(_drafts).values(row)).inserted_primary_key
    return int(key[0]) if key else 0


def _written(draft: Draft) -> str:
    return json.dumps([asdict(found) for found in draft.findings], ensure_ascii=False)


def _decide(
    connection: Connection, number: int, status: Status, reviewer: str, reason: str | None, changed: dict[str, str]
) -> None:
    if not reviewer.strip():
        raise DataError("a decision needs the name of the person who took it")
    values = {"status": status, "decided": _now(), "reviewer": reviewer.strip(), "reason": reason, **changed}
    pending = (_drafts.c.number == number) & (_drafts.c.status == "pending")
    if connection.execute(update(_drafts).where(pending).values(values)).rowcount != 1:
        raise DataError(f"draft {number} was decided before")


def _found(connection: Connection, number: int) -> Reviewed:
    row = connection.execute(select(_drafts).where(_drafts.c.number == number)).first()
    if row is None:
        raise NotFoundError(f"there is no draft {number}")
    return _reviewed(row)


def _reviewed(row: Row[Any]) -> Reviewed:
    findings = tuple(Finding(one["check"], Span(**one["span"])) for one in json.loads(row.findings))
    draft = Draft(row.item, row.language, row.text, row.generator, findings)
    return Reviewed(row.number, draft, row.status, row.reviewer, row.reason)


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)
