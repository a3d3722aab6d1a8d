"""Questions about visits: after so many events, will this one still end in a purchase?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from tradewind.data.features.session import session_features, visits_of
from tradewind.data.records import Event, EventType
from tradewind.errors import DataError
from tradewind.tasks.purchase.questions import Examples

AFTER_EVENTS: Final = (2, 4, 8)
"""A visit is asked about after so many events; one that is over, or has bought by then, is not asked about."""


def visit_examples(
    people: Mapping[str, Sequence[Event]] | Iterable[Sequence[Event]], after: Sequence[int] = AFTER_EVENTS
) -> Examples:
    """Returns a question per visit and length in `after`, its features from the events up to there and none later.

    `people` holds each person's events. `keys` of the examples are the lengths. Split them by person or by time, never
    by row: the questions of one visit share its answer. Raises DataError when no visit is long enough.
    """
    logs = list(people.values() if isinstance(people, Mapping) else people)
    asked, outcomes, whose, lengths = [], [], [], []
    for number, events in enumerate(logs):
        for visit in visits_of(events):
            bought = [event.type is EventType.PURCHASE for event in visit.events]
            for length in after:
                if length < len(bought) + 1 and not any(bought[:length]):
                    asked.append(visit.so_far(length))
                    outcomes.append(any(bought[length:]))
                    whose.append(number)
                    lengths.append(length)
    if not asked:
        raise DataError(f"no visit has {min(after)} events before it buys", hint="log views and searches as well")
    return Examples(
        session_features(asked), np.array(outcomes, dtype=np.bool_), np.array(whose), np.array(lengths)
    )  # fmt: skip
