from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tradewind.data.features.purchase import FEATURES, Lines
from tradewind.errors import DataError
from tradewind.tasks.purchase.new_items import new_item_questions
from tradewind.tasks.purchase.questions import Asking, examples_at, moments_of, together


def habits(people: int = 30, keys: int = 6, days: int = 160) -> Lines:
    """Returns a log in which person p buys key p % keys every week and all else by chance."""
    random = np.random.default_rng(0)
    weekly = [(p, p % keys, w * 7.0 + p % 7) for p in range(people) for w in range(days // 7)]
    chance = [(random.integers(people), random.integers(keys), random.random() * days) for _ in range(300)]
    who, what, when = (np.array(column) for column in zip(*weekly, *chance, strict=True))
    baskets = who * 1000 + when.astype(np.int64)
    return Lines(who.astype(np.int64), what.astype(np.int64), baskets.astype(np.int64), when, np.ones(len(who)))


LINES = habits()


def test_moments_follow_one_another_without_overlap() -> None:
    found = moments_of(LINES, train=4, test=2)
    all_days = [*found.train, *found.stopping, *found.calibration, *found.test]
    assert np.diff(all_days).tolist() == [7.0] * 9
    assert found.test[-1] + 7 == np.floor(LINES.days.max()) + 1
    with pytest.raises(DataError, match="shorter"):
        moments_of(LINES, train=40)


def test_an_answer_is_what_was_bought_within_the_horizon() -> None:
    asked = examples_at(LINES, 140.0, Asking(6))
    truth = {
        (p, k) for p, k, d in zip(LINES.people, LINES.keys, LINES.days, strict=True) if 140 <= d < 147
    }  # fmt: skip
    said = {(p, k) for p, k, o in zip(asked.people, asked.keys, asked.outcomes, strict=True) if o}
    assert said == truth and len(asked) == 30 * 6
    assert asked.features.shape == (180, len(FEATURES))


def test_features_do_not_know_the_answers() -> None:
    later = LINES.days >= 140
    changed = replace(LINES, keys=np.where(later, 5 - LINES.keys, LINES.keys))
    one, two = examples_at(LINES, 140.0, Asking(6)), examples_at(changed, 140.0, Asking(6))
    assert one.features.tolist() == two.features.tolist() and one.outcomes.tolist() != two.outcomes.tolist()


def test_a_sample_keeps_the_base_rate() -> None:
    everything = together([examples_at(LINES, day, Asking(6)) for day in (126.0, 133.0, 140.0)])
    sample = together([examples_at(LINES, day, Asking(6, pairs=100)) for day in (126.0, 133.0, 140.0)])
    assert len(sample) == 300 and sample.outcomes.mean() == pytest.approx(everything.outcomes.mean(), abs=0.06)


def test_nobody_active_is_said() -> None:
    with pytest.raises(DataError, match="eight weeks"):
        examples_at(LINES, 400.0, Asking(6))


def test_new_items_are_those_without_any_purchase_before() -> None:
    shelf = replace(LINES, keys=np.where(LINES.days > 140, LINES.keys + 10, LINES.keys))
    found = new_item_questions(shelf, 141.0, horizon=14, negatives=3)
    assert set(found.asked.keys.tolist()) <= set(range(10, 16)) and found.outcomes.any() and not found.outcomes.all()
    pairs = set(zip(found.asked.people.tolist(), found.asked.keys.tolist(), strict=True))
    assert len(pairs) == len(found.outcomes)
    with pytest.raises(DataError, match="first time"):
        new_item_questions(LINES, 141.0)
