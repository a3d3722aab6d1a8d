from __future__ import annotations

from datetime import UTC, datetime

from tradewind.data.records import Event, EventType, User
from tradewind.engine.profiles import ProfileReader

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Log:
    """One person's events, a version that counts them, and a hook that runs while they are read."""

    def __init__(self) -> None:
        self.events = [Event("e0", EventType.VIEW, NOON, user="u", item="milk")]
        self.personalise = True
        self.deleted: frozenset[str] = frozenset()
        self.reads = 0
        self.meanwhile = 0

    def profile_version(self, user: str) -> str:
        return f"{len(self.events)}-{self.personalise}"

    def events_of(self, user: str, limit: int = 2000) -> list[Event]:
        self.reads += 1
        found = list(self.events)
        if self.meanwhile:
            self.meanwhile -= 1
            self.add("late")
        return found

    def consent(self, pseudonym: str) -> User:
        return User(pseudonym, self.personalise)

    def deleted_tags(self, user: str) -> frozenset[str]:
        return self.deleted

    def add(self, item: str) -> None:
        self.events.append(Event(f"e{len(self.events)}", EventType.VIEW, NOON, user="u", item=item))


def test_the_events_are_read_once_for_a_version_and_again_for_the_next() -> None:
    log = Log()
    reader = ProfileReader(log)  # type: ignore[arg-type]
    first, again = reader.read("u"), reader.read("u")
    assert first is again and log.reads == 1
    log.add("tea")
    after = reader.read("u")
    assert after.version != first.version and after.profile is not None and "tea" in after.profile.weights


def test_nobody_who_switched_personalisation_off_is_read() -> None:
    log = Log()
    log.personalise = False
    personal = ProfileReader(log).read("u")  # type: ignore[arg-type]
    assert personal.profile is None and log.reads == 0


def test_an_event_that_comes_while_the_events_are_read_is_never_missed_under_its_version() -> None:
    log = Log()
    log.meanwhile = 1
    personal = ProfileReader(log).read("u")  # type: ignore[arg-type]
    assert personal.version == log.profile_version("u")
    assert personal.profile is not None and "late" in personal.profile.weights


def test_events_that_never_stop_coming_give_a_profile_of_no_version() -> None:
    log = Log()
    log.meanwhile = 100
    personal = ProfileReader(log).read("u")  # type: ignore[arg-type]
    assert personal.version == "" and personal.profile is not None


def test_forgetting_reads_again() -> None:
    log = Log()
    reader = ProfileReader(log)  # type: ignore[arg-type]
    reader.read("u")
    reader.forget()
    reader.read("u")
    assert log.reads == 2
