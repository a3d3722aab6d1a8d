"""Events on their way in: read one by one, owned by whom the token names, stored, and each told what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from tradewind.data.store import EventOutcome
from tradewind.service.assembly import Service
from tradewind.service.problems import ProblemError, field_problems
from tradewind.service.schemas.events import MOST_EVENTS, BatchResult, EventIn, EventResult
from tradewind.service.schemas.problems import FieldProblem

FORBIDDEN_USER: Final = "the user comes from the user token, never from an event"
ANOTHER_BODY: Final = "this event_id came before with another body; the first one stays"


class UnreadableError(Exception):
    """An event that is not one."""

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.pointer}: {one.detail}" for one in self.problems))


def judge_one(service: Service, token: str | None, raw: Mapping[str, Any]) -> EventResult:
    """Returns what became of a single event. Raises ProblemError: 422 when rejected, 409 when in conflict."""
    try:
        read = _read(raw, token)
    except UnreadableError as error:
        service.metrics.events("rejected", 1)
        raise ProblemError(422, "event-rejected", "this event cannot be used", errors=error.problems) from None
    [result] = _store(service, token, [read])
    service.metrics.events(result.status, 1)
    if result.status == "conflict":
        raise ProblemError(409, "event-conflict", ANOTHER_BODY)
    if result.status == "rejected":
        raise ProblemError(422, "event-rejected", f"this event was rejected: {result.reason}")
    return result


def judge_batch(service: Service, token: str | None, body: Mapping[str, Any]) -> BatchResult:
    """Returns what became of each event of a batch, in its order. Raises ProblemError (422) for what is no batch."""
    raws = body["events"]
    if set(body) != {"events"} or not isinstance(raws, list) or not 1 <= len(raws) <= MOST_EVENTS:
        raise ProblemError(422, "invalid-request", f'a batch is {{"events": [...]}} with 1 to {MOST_EVENTS} events')
    results: list[EventResult | None] = [None] * len(raws)
    readable: dict[int, EventIn] = {}
    for place, raw in enumerate(raws):
        try:
            readable[place] = _read(raw, token)
        except UnreadableError as error:
            results[place] = EventResult(event_id=_id_of(raw), status="rejected", reason=str(error))
    stored = _store(service, token, list(readable.values()))
    for place, result in zip(readable, stored, strict=True):
        results[place] = result
    return _counted(service, [result for result in results if result is not None])


def _counted(service: Service, results: list[EventResult]) -> BatchResult:
    counts = Counter(result.status for result in results)
    for outcome, count in counts.items():
        service.metrics.events(outcome, count)
    return BatchResult(events=results, counts=dict(counts))


def _read(raw: object, token: str | None) -> EventIn:
    if not isinstance(raw, dict):
        raise UnreadableError([FieldProblem(pointer="#", detail="an event is a JSON object")])
    if "user" in raw:
        raise UnreadableError([FieldProblem(pointer="#/user", detail=FORBIDDEN_USER)])
    try:
        event = EventIn.model_validate(raw)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False, include_input=False)]
        raise UnreadableError(field_problems(found)) from None
    if token is None and event.visitor is None:
        raise UnreadableError([FieldProblem(pointer="#/visitor", detail="an event needs a visitor, or a user token")])
    return event


def _store(service: Service, token: str | None, events: Sequence[EventIn]) -> list[EventResult]:
    """Whoever switched personalisation off leaves no track under their pseudonym: the event counts, nobody owns it."""
    user = service.user_remembered(token) if token else None
    if user is not None and not service.store.consent(user).personalise:
        user = None
    outcomes = service.store.append_events([event.event(user) for event in events]) if events else []
    return [_result(outcome) for outcome in outcomes]


def _result(outcome: EventOutcome) -> EventResult:
    reason = ANOTHER_BODY if outcome.status == "conflict" else outcome.reason
    return EventResult(event_id=outcome.event_id, status=outcome.status, reason=reason)


def _id_of(raw: object) -> str | None:
    given = raw.get("event_id") if isinstance(raw, dict) else None
    return given[:128].encode("utf-8", "replace").decode() if isinstance(given, str) else None
