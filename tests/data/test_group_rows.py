"""Rows of one group stay together, and on their side when more come."""

from __future__ import annotations

import pytest

from tradewind.data.group_rows import group_rows, share_of
from tradewind.errors import DataError

NAMES = [f"type {number % 200}" for number in range(2_000)]


def test_a_group_is_on_one_side_and_stays_there_when_data_is_added() -> None:
    rows = group_rows(NAMES, 0)
    tested = {NAMES[row] for row in rows.tested}
    assert tested.isdisjoint(NAMES[row] for row in rows.learned)
    assert tested.isdisjoint(NAMES[row] for row in rows.validated)
    assert 20 <= len(tested) <= 60
    more = [*NAMES, "another type"]
    assert tested <= {more[row] for row in group_rows(more, 0).tested}
    assert {NAMES[row] for row in group_rows(NAMES, 1).tested} != tested
    assert len(rows.learned) + len(rows.validated) + len(rows.tested) == len(NAMES)


def test_few_groups_still_leave_something_on_every_side() -> None:
    rows = group_rows(["a", "b", "c"] * 10, 13)
    assert min(len(rows.learned), len(rows.validated), len(rows.tested)) == 10


@pytest.mark.parametrize(("groups", "says"), [(["a"] * 5, "5 examples are too few"), (["a", "b"] * 20, "2 groups")])
def test_too_few_to_test_on_is_said(groups: list[str], says: str) -> None:
    with pytest.raises(DataError, match=says):
        group_rows(groups, 13)


def test_shares_lie_evenly_between_nothing_and_all() -> None:
    shares = [share_of(name, 7) for name in set(NAMES)]
    assert 0 <= min(shares) < 0.05
    assert 0.95 < max(shares) < 1
