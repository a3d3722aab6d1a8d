"""Decoding gives the best labels among those that spell whole entities."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tradewind.tasks.tag.decoding import allowed_transitions, best_labels, log_softmax


def _is_whole(labels: tuple[int, ...]) -> bool:
    return all(
        label == 0 or label % 2 == 1 or previous in (label, label - 1)
        for previous, label in zip((0, *labels), labels, strict=False)
    )


@given(st.integers(0, 2**31), st.integers(1, 4))
def test_no_allowed_sequence_scores_higher(seed: int, units: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(units, 5))
    sequences = [labels for labels in itertools.product(range(5), repeat=units) if _is_whole(labels)]
    best = max(sequences, key=lambda labels: sum(scores[place, label] for place, label in enumerate(labels)))
    assert tuple(best_labels(scores, allowed_transitions(5))) == best


def test_an_inside_without_its_beginning_is_mended() -> None:
    scores = np.array([[0.0, -1.0, 5.0], [0.0, -9.0, 5.0]])
    assert best_labels(scores, allowed_transitions(3)).tolist() == [1, 2]


def test_a_text_without_units_has_no_labels() -> None:
    assert len(best_labels(np.zeros((0, 5)), allowed_transitions(5))) == 0


def test_log_probabilities_sum_to_one_and_large_scores_do_not_overflow() -> None:
    found = np.exp(log_softmax(np.array([[1000.0, 999.0], [-5.0, 3.0]])))
    assert np.allclose(found.sum(axis=1), 1.0)
