"""What was forgotten, by slice, and what the gate makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from tradewind.evaluation.forgetting import Forgetting, forgetting
from tradewind.evaluation.gate import gate_failures
from tradewind.evaluation.judged import HeldOut, judge
from tradewind.settings import GateSettings

LABELS = ["tea"] * 40 + ["cups"] * 40
BEFORE = np.ones(80)
JUDGED = judge(HeldOut(["x"] * 4, ["tea"] * 4, {"tea": 4}), lambda texts: [("tea", 1.0)] * len(texts), {}, seed=1)


def found(after: np.ndarray) -> Forgetting:
    return forgetting("v1", (BEFORE, after), {"label": LABELS}, seed=1)


def missed(after: np.ndarray, **asked: float) -> tuple[str, ...]:
    return gate_failures(GateSettings.model_validate({"old_slices": 0.97, **asked}), {}, JUDGED, found(after))


def test_backward_transfer_is_the_mean_change_over_labels() -> None:
    after = np.concatenate([np.zeros(20), np.ones(60)])
    told = found(after)
    assert told.transfer == pytest.approx((-0.5 + 0.0) / 2)
    assert told.whole and told.whole.kept == pytest.approx(0.75)
    assert told.slices[0].title == "label tea" and told.slices[0].kept == pytest.approx(0.5)
    assert "label tea keeps 50.0% (40 rows)" in told.text()


def test_the_gate_names_the_slice_and_by_how_much() -> None:
    after = np.concatenate([np.zeros(20), np.ones(60)])
    whole, tea = missed(after)
    assert whole.startswith("old slice all old rows: accuracy 0.7500, 1.0000 before: it keeps 75.0%")
    assert tea == (
        "old slice label tea: accuracy 0.5000, 1.0000 before: it keeps 50.0% (40 rows), 97.0% is asked, 47.0% more"
    )


def test_small_slices_and_falls_within_chance_pass() -> None:
    one_lost = np.concatenate([np.zeros(1), np.ones(79)])
    assert missed(one_lost) == ()
    half = np.concatenate([np.zeros(20), np.ones(60)])
    assert [one.split(":")[0] for one in missed(half, slice_rows=41)] == ["old slice all old rows"]


def test_without_a_version_before_nothing_is_asked_and_without_its_rows_nothing_passes() -> None:
    asked = GateSettings(old_slices=0.97)
    assert gate_failures(asked, {}, JUDGED, None) == ()
    none_left = forgetting("v1", (np.zeros(0), np.zeros(0)), {"label": []}, seed=1)
    assert "no tested row that version v1 knew is left" in gate_failures(asked, {}, JUDGED, none_left)[0]
    assert "cannot be judged" in gate_failures(asked, {}, None, None)[0]
