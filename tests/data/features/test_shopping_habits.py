from __future__ import annotations

import numpy as np
import pytest

from tradewind.data.features.purchase import Lines
from tradewind.data.features.shopping_habits import HABITS, shopping_habits
from tradewind.data.features.spend_shares import spend_shares
from tradewind.data.features.taste import taste_vectors

SATURDAY = 2.0  # 1970-01-03
LINES = Lines(
    people=np.array([0, 0, 0, 1, 9]),
    keys=np.array([0, 1, 0, 1, 0]),
    baskets=np.array([0, 0, 1, 2, 3]),
    days=np.array([SATURDAY + 0.5, SATURDAY + 0.5, SATURDAY + 2.75, SATURDAY, 5.0]),
    spend=np.array([6.0, 2.0, 4.0, -5.0, 1.0]),
)


def test_habits_of_a_worked_log() -> None:
    found = dict(zip(HABITS, shopping_habits(LINES, 3)[0].tolist(), strict=True))
    assert found["log_baskets"] == pytest.approx(np.log1p(2))
    assert found["log_basket_value"] == pytest.approx(np.log1p(6))
    assert found["log_basket_lines"] == pytest.approx(np.log1p(1.5))
    assert found["log_variety"] == pytest.approx(np.log1p(2))
    assert found["weekend_share"] == 0.5
    assert found["share_from_12_o_clock"] == found["share_from_16_o_clock"] == 0.5
    assert shopping_habits(LINES, 3)[2].tolist() == [0.0] * len(HABITS)


def test_habits_are_the_same_for_one_and_for_many() -> None:
    mine = LINES.people == 0
    alone = Lines(*(getattr(LINES, name)[mine] for name in ("people", "keys", "baskets", "days", "spend")))
    assert shopping_habits(alone, 1)[0].tolist() == shopping_habits(LINES, 3)[0].tolist()
    assert spend_shares(alone, 1, 2)[0].tolist() == spend_shares(LINES, 3, 2)[0].tolist()


def test_shares_of_money_leave_refunds_and_strangers_out() -> None:
    found = spend_shares(LINES, 3, 2)
    assert found[0] == pytest.approx([10 / 12, 2 / 12]) and found[1:].tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_a_taste_is_a_weighted_unit_mean() -> None:
    found = taste_vectors(np.array([0, 0, 2]), 3, np.array([3.0, 4.0, 1.0]), np.array([[1.0, 0], [0, 1.0], [0, 2.0]]))
    assert found == pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0], [0.0, 1.0]]))
