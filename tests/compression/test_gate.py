"""The gate measures what it says and names every limit that is missed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tradewind.compression.gate import Compared, ParityLimits, check, measure
from tradewind.errors import ParityError


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def same() -> Compared:
    rng = np.random.default_rng(1)
    queries, passages = unit(rng.standard_normal((30, 16))), unit(rng.standard_normal((30, 16)))
    return Compared(queries, passages, queries, passages, original_bytes=100, small_bytes=25)


def test_an_encoder_equal_to_its_original_passes_with_perfect_figures(same: Compared) -> None:
    report = check(replace(same, original_metric=0.5, small_metric=0.5))
    assert report.cosine_worst == pytest.approx(1.0, abs=1e-5)
    assert report.rank_correlation == pytest.approx(1.0)
    assert (report.first_ten, report.size_ratio, report.metric_loss) == (1.0, 0.25, 0.0)


def test_one_vector_that_moved_is_caught_by_the_worst_cosine(same: Compared) -> None:
    moved = same.small_passages.copy()
    moved[7] *= -1
    with pytest.raises(ParityError, match=r"cosine_worst -1\.0000 < 0\.95"):
        check(replace(same, small_passages=moved))


def test_an_order_that_is_lost_is_caught_although_the_limits_on_cosine_hold(same: Compared) -> None:
    """All originals in a narrow cone: a small turn keeps the cosines high and changes every order."""
    rng = np.random.default_rng(2)
    cone = unit(np.ones((30, 16)) + 0.03 * rng.standard_normal((30, 16)))
    turned = unit(np.ones((30, 16)) + 0.03 * rng.standard_normal((30, 16)))
    with pytest.raises(ParityError) as caught:
        check(replace(same, original_queries=cone, original_passages=cone, small_queries=turned, small_passages=turned))
    assert "rank_correlation" in str(caught.value)
    assert "first_ten" in str(caught.value)
    assert "cosine" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"small_bytes": 36}, "size_ratio 0.3600 > 0.35"),
        ({"original_metric": 0.50, "small_metric": 0.49}, "metric_loss 0.0200 > 0.01"),
        ({"original_metric": 0.50, "small_metric": float("nan")}, "metric_loss nan"),
    ],
)
def test_every_other_limit_is_named_too(same: Compared, changes: dict[str, float], says: str) -> None:
    with pytest.raises(ParityError, match=says):
        check(replace(same, **changes))  # type: ignore[arg-type]


def test_vectors_that_are_not_numbers_never_pass(same: Compared) -> None:
    with pytest.raises(ParityError, match="cosine_mean nan"):
        check(replace(same, small_queries=np.full_like(same.small_queries, np.nan)))


def test_a_metric_that_rose_is_no_loss(same: Compared) -> None:
    assert check(replace(same, original_metric=0.5, small_metric=0.6)).metric_loss == pytest.approx(-0.2)


def test_limits_are_the_callers_to_set(same: Compared) -> None:
    larger = replace(same, small_bytes=90)
    with pytest.raises(ParityError, match="size_ratio"):
        check(larger)
    assert check(larger, ParityLimits(size_ratio=0.9)).size_ratio == pytest.approx(0.9)


def test_the_report_is_plain_figures(same: Compared) -> None:
    assert set(measure(same).as_dict()) >= {"cosine_mean", "rank_correlation", "size_ratio", "texts"}


def test_a_loss_that_chance_explains_is_none_and_a_larger_one_is(same: Compared) -> None:
    noisy = replace(same, original_metric=0.5, small_metric=0.49, metric_noise=0.01)
    assert check(noisy).metric_noise == pytest.approx(0.02)
    with pytest.raises(ParityError, match="metric_loss"):
        check(replace(noisy, small_metric=0.48))
