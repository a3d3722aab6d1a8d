"""What a gate says of a model that misses what is asked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tradewind.errors import ConfigError
from tradewind.evaluation.gate import gate_failures
from tradewind.evaluation.judged import HeldOut, Judged, judge
from tradewind.evaluation.model_card import Cost, ModelCard, limits_of
from tradewind.settings import GateSettings

TEXTS = [f"tea {number}" for number in range(60)] + [f"茶茶茶 {number}" for number in range(60)]


def answer(texts: Sequence[str]) -> list[tuple[str, float]]:
    """Knows small English letters; of Chinese it is as sure, and right every other time."""
    return [("a" if text.startswith("tea") or int(text.split()[1]) % 2 else "b", 0.9) for text in texts]


def shouted(text: str, random: object) -> str:
    return text.replace("tea 1", "茶茶茶 2") if "tea" in text else text


@pytest.fixture(scope="module")
def judged() -> Judged:
    return judge(HeldOut(TEXTS, ["a"] * 120, {"a": 100}, left_out=3), answer, {"shouting": shouted}, seed=13)


def test_nothing_asked_is_nothing_missed(judged: Judged) -> None:
    assert gate_failures(GateSettings(), judged.figures, judged) == ()


def test_a_weak_slice_is_named_with_its_distance(judged: Judged) -> None:
    (said,) = gate_failures(GateSettings(slice_drop=0.15), judged.figures, judged)
    assert said.startswith("slice language zh: accuracy 0.5000")
    assert "0.2500 below the whole's 0.7500, 0.15 is allowed" in said


@pytest.mark.parametrize("gate", [GateSettings(slice_drop=0.3), GateSettings(slice_drop=0.15, slice_rows=61)])
def test_a_slice_within_the_limit_or_too_small_passes(judged: Judged, gate: GateSettings) -> None:
    assert gate_failures(gate, judged.figures, judged) == ()


def test_a_figure_below_what_is_asked_says_by_how_much(judged: Judged) -> None:
    assert gate_failures(GateSettings(metric={"accuracy": 0.8}), judged.figures, judged) == (
        "accuracy 0.7500 is 0.0500 below the 0.8 that is asked",
    )


def test_an_error_has_to_be_low(judged: Judged) -> None:
    (said,) = gate_failures(GateSettings(metric={"RMSE": 1.0}), {"RMSE": 1.2}, judged)
    assert said == "RMSE 1.2000 is 0.2000 above the 1 that is asked"
    assert gate_failures(GateSettings(metric={"RMSE": 1.5}), {"RMSE": 1.2}, judged) == ()


def test_a_figure_that_is_no_number_is_missed(judged: Judged) -> None:
    assert len(gate_failures(GateSettings(metric={"accuracy": 0.1}), {"accuracy": float("nan")}, judged)) == 1


def test_a_figure_that_was_not_measured_is_an_error_naming_those_that_were(judged: Judged) -> None:
    with pytest.raises(ConfigError, match="macro-F1"):
        gate_failures(GateSettings(metric={"acuracy": 0.8}), judged.figures, judged)


def test_a_change_that_costs_too_much_is_named(judged: Judged) -> None:
    (said,) = gate_failures(GateSettings(robustness_drop=0.2, slice_rows=5), judged.figures, judged)
    assert said.startswith("after shouting: accuracy falls by 0.")


def test_being_surer_than_right_is_missed(judged: Judged) -> None:
    (said,) = gate_failures(GateSettings(calibration_error=0.1), judged.figures, judged)
    assert said == "calibration error 0.1500 is 0.0500 above the 0.1 that is allowed: it is surer than right"


def test_what_cannot_be_judged_is_missed() -> None:
    assert gate_failures(GateSettings(slice_drop=0.1), {}, None)
    assert not gate_failures(GateSettings(metric={"F1": 0.5}), {"F1": 0.6}, None)


def test_limits_name_the_worst_slice_the_worst_change_and_what_was_not_measured(judged: Judged) -> None:
    said = "\n".join(limits_of(judged, fewest=20, languages=["en", "zh"]))
    assert "worst slice: language zh, accuracy 0.500" in said
    assert "most hurt by shouting" in said
    assert "surer than right by 0.150" in said
    assert "3 tested rows have an answer that was never learned" in said
    assert "no tested text" not in said


def test_a_slice_that_is_low_by_chance_is_not_called_the_worst() -> None:
    texts = [f"茶茶茶 {number}{' x' * (number // 2 % 2)}" for number in range(60)]
    even = judge(HeldOut(texts, ["a"] * 60, {"a": 100}), answer, {}, seed=13)
    said = "\n".join(limits_of(even, fewest=5))
    assert "worst slice" not in said
    assert "no slice of 5 rows or more lies below the whole by more than chance; the lowest: " in said


def test_a_language_without_a_tested_text_is_a_limit() -> None:
    english = judge(HeldOut(TEXTS[:60], ["a"] * 60, {"a": 100}), answer, {}, seed=13)
    assert "no tested text is in zh: how good it is there was not measured" in limits_of(
        english, fewest=20, languages=["en", "zh"]
    )


def test_the_page_shows_what_the_card_holds(judged: Judged) -> None:
    card = ModelCard("aisle", {"seed": 13}, (), judged, ("worst <slice>",), ("slice language zh",), Cost(10, 7200))
    page, told = card.as_html(), card.as_json()
    assert "worst &lt;slice&gt;" in page
    assert "zh (60 rows)" in page
    assert told["cost"]["energy_estimate"] == {"watt_hours": 30.0, "watts_per_busy_core": 15.0, "measured": False}
    assert told["published"]["whole"]["mean"] == 0.75
