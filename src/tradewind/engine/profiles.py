"""Reads what a person's events say, afresh for every change of them and never twice for the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tradewind.data.features.profile import Profile, profile_of
from tradewind.data.records import Event
from tradewind.engine.cache import BoundedCache
from tradewind.engine.parts import Serving, Store
from tradewind.engine.tags import profile_without
from tradewind.tasks.profile.tags import Deletions

PROFILE_BYTES: Final = 32 << 20
EVENT_BYTES: Final = 200
"""About what one event of a profile costs in memory."""
TRIES: Final = 3
NOTHING_DELETED: Final = Deletions()


@dataclass(frozen=True, slots=True)
class Personal:
    """A person's profile and the version of the events and of the consent that it was read at."""

    version: str
    profile: Profile | None
    """None when the person switched personalisation off."""
    events: tuple[Event, ...] = ()
    """The events, kept only for somebody who took tags back: which of them count depends on the catalogue."""
    deletions: Deletions = NOTHING_DELETED
    missing: bool = False
    """Whether there may be a profile that could not be read."""


class ProfileReader:
    """Profiles by pseudonym, always at the store's current version. Safe under many threads."""

    def __init__(self, store: Store, limit: int = PROFILE_BYTES) -> None:
        self._store = store
        self._kept: BoundedCache[Personal] = BoundedCache(limit)

    def read(self, user: str) -> Personal:
        """Returns the profile at the version the store is at now.

        The version is read before and after the events: only a profile read between two equal versions carries that
        version, so that a reply kept under a version was made from exactly its events.
        """
        version = self._store.profile_version(user)
        for _ in range(TRIES):
            kept = self._kept.get((user, version))
            if kept is not None:
                return kept
            read, size = self._make(user, version)
            after = self._store.profile_version(user)
            if after == version:
                self._kept.put((user, version), read, size)
                return read
            version = after
        return self._moving(user)

    def seen_in(self, serving: Serving, user: str) -> Personal:
        """Returns the profile as a catalogue reads it: nothing in it rests on a tag that the person took back."""
        read = self.read(user)
        if read.profile is None or not read.deletions.ids:
            return read
        key = (user, read.version, serving.parts.generation, serving.view.delta)
        kept = self._kept.get(key) if read.version else None
        if kept is not None:
            return kept
        made = replace(read, events=(), profile=profile_without(read.events, read.deletions, serving.view))
        if read.version:
            self._kept.put(key, made, len(read.events) * EVENT_BYTES)
        return made

    def forget(self) -> None:
        """Forgets every profile."""
        self._kept.clear()

    def _make(self, user: str, version: str) -> tuple[Personal, int]:
        if not self._store.consent(user).personalise:
            return Personal(version, None), 0
        events, deleted = self._store.events_of(user), self._store.deleted_tags(user)
        profile, size = profile_of(events), len(events) * EVENT_BYTES
        if not deleted:
            return Personal(version, profile), size
        return Personal(version, profile, tuple(events), Deletions.of(deleted)), 2 * size

    def _moving(self, user: str) -> Personal:
        """Returns a profile of a person whose events keep coming while they are read, under no version."""
        read, _ = self._make(user, "")
        return read
