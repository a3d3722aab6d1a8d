from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tradewind.data.features.session import SESSION_FEATURES, session_features, visits_of
from tradewind.data.records import Event, EventType
from tradewind.errors import DataError
from tradewind.tasks.purchase.visits import visit_examples

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def log(*rows: tuple[EventType, str | None, float]) -> list[Event]:
    return [
        Event(f"e{n}", kind, NOON + timedelta(minutes=minutes), user="u", item=item)
        for n, (kind, item, minutes) in enumerate(rows)
    ]


DAY = log(
    (EventType.SEARCH, None, 0),
    (EventType.VIEW, "a", 1),
    (EventType.VIEW, "b", 2),
    (EventType.CLICK, "a", 9),
    (EventType.ADD_TO_CART, "a", 10),
    (EventType.PURCHASE, "a", 12),
    (EventType.VIEW, "c", 60),
    (EventType.VIEW, "c", 61),
)


def test_a_long_pause_ends_a_visit_and_the_next_one_knows_of_the_purchase() -> None:
    first, second = visits_of(reversed(DAY))
    assert [len(first.events), len(second.events)] == [6, 2]
    assert [first.baskets_before, second.baskets_before] == [0, 1]


def test_every_feature_of_a_worked_visit() -> None:
    row = session_features([visits_of(DAY)[0].so_far(5)])[0]
    found = dict(zip(SESSION_FEATURES, row.tolist(), strict=True))
    assert found["views"] == pytest.approx(np.log(4)) and found["carts"] == pytest.approx(np.log(2))
    assert found["searches"] == pytest.approx(np.log(2)) and found["items"] == pytest.approx(np.log(3))
    assert found["returns"] == 2.0 and found["minutes"] == pytest.approx(np.log(11))
    assert found["bought_before"] == 0.0


def test_a_question_sees_nothing_after_its_moment_and_offline_is_online() -> None:
    asked = visit_examples({"u": DAY}, after=(2, 4, 6))
    assert asked.keys.tolist() == [2, 4, 2] and asked.outcomes.tolist() == [True, True, False]
    # Online, the visit is what has happened so far: the log ends there.
    online = session_features([visits_of(DAY[:4])[-1]])
    assert online[0].tolist() == asked.features[1].tolist()


def test_visits_that_are_too_short_are_told() -> None:
    with pytest.raises(DataError, match="2 events"):
        visit_examples([DAY[:1]])
    assert session_features([]).shape == (0, len(SESSION_FEATURES))
