"""Gives the rows of a batch their persons: known ones, new ones, and those that asked to be forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from tradewind.data.store import log, people
from tradewind.data.store.people import Person


@dataclass(frozen=True, slots=True)
class ResolvedUsers:
    """Pseudonym and person number per row, and the rows that are not to be stored.

    `erased` rows are of a person who was erased and is still linked; `forgotten` rows are already in the log under a
    pseudonym whose link was deleted, and must not make that person known again.
    """

    names: pa.Array
    numbers: Sequence[int | None]
    erased: frozenset[int] = field(default_factory=frozenset)
    forgotten: frozenset[int] = field(default_factory=frozenset)


class UserRows:
    """Remembers the persons it met, so that each user is looked up once per source."""

    def __init__(self) -> None:
        self._persons: dict[str, Person] = {}

    def resolve(self, connection: Connection, users: pa.Array | None, event_ids: Sequence[str]) -> ResolvedUsers:
        """Returns the persons of the rows, making pseudonyms for users who have none."""
        rows = len(event_ids)
        if users is None or users.null_count == rows:
            return ResolvedUsers(pa.nulls(rows, pa.string()), [None] * rows)
        coded = users.dictionary_encode()
        user_ids = coded.dictionary.to_pylist()
        codes = np.asarray(coded.indices.fill_null(len(user_ids)))
        self._learn(people.find(connection, [user for user in user_ids if user not in self._persons]), connection)
        forgotten = self._forgotten(connection, user_ids, codes, event_ids)
        kept = np.ones(rows, dtype=bool)
        kept[list(forgotten)] = False
        newcomers = [
            user_ids[code]
            for code in np.unique(codes[kept])
            if code < len(user_ids) and user_ids[code] not in self._persons
        ]
        self._learn(people.create(connection, newcomers), connection)
        persons = [self._persons.get(user) for user in user_ids]
        names = pa.array([person and person.pseudonym for person in persons], pa.string()).take(coded.indices)
        numbers = [None if person is None else person.number for person in persons] + [None]
        erased = [code for code, person in enumerate(persons) if person and person.erased]
        return ResolvedUsers(
            names,
            [numbers[code] for code in codes.tolist()],
            frozenset(np.flatnonzero(np.isin(codes, erased)).tolist()),
            forgotten,
        )

    def _learn(self, found: dict[str, str], connection: Connection) -> None:
        persons = people.by_pseudonym(connection, list(found.values()))
        self._persons.update({user: persons[name] for user, name in found.items()})

    def _forgotten(
        self, connection: Connection, user_ids: Sequence[str], codes: np.ndarray, event_ids: Sequence[str]
    ) -> frozenset[int]:
        strangers = [code for code, user in enumerate(user_ids) if user not in self._persons]
        if not strangers or log.is_empty(connection):
            return frozenset()
        places = np.flatnonzero(np.isin(codes, strangers)).tolist()
        known = log.digests_of(connection, [event_ids[place] for place in places])
        return frozenset(place for place in places if event_ids[place] in known)
