"""The chain's probabilities are those of all sequences counted one by one."""

from __future__ import annotations

import itertools

import pytest
import torch

from tradewind.training.tag.crf import LinearChain


def chain(seed: int, labels: int = 3) -> tuple[LinearChain, torch.Tensor]:
    torch.manual_seed(seed)
    made = LinearChain(labels)
    torch.nn.init.normal_(made.learned)
    return made, torch.randn(4, labels)


def score(made: LinearChain, scores: torch.Tensor, labels: tuple[int, ...]) -> torch.Tensor:
    moves = made.transitions.detach()
    total = moves[-1, labels[0]] + scores[0, labels[0]]
    for place in range(1, len(labels)):
        total = total + moves[labels[place - 1], labels[place]] + scores[place, labels[place]]
    return total


def test_loss_is_the_negative_log_share_of_the_right_sequence() -> None:
    made, scores = chain(1)
    labels = (1, 2, 0, 1)
    every = torch.stack([score(made, scores, found) for found in itertools.product(range(3), repeat=4)])
    wanted = torch.logsumexp(every, 0) - score(made, scores, labels)
    found = made(scores[None], torch.tensor([labels]), torch.ones(1, 4, dtype=torch.bool))
    torch.testing.assert_close(found.detach(), wanted)


def test_marginals_are_sums_over_sequences() -> None:
    made, scores = chain(2)
    sequences = list(itertools.product(range(3), repeat=4))
    odds = torch.softmax(torch.stack([score(made, scores, found) for found in sequences]), 0)
    wanted = torch.zeros(4, 3)
    for share, labels in zip(odds, sequences, strict=True):
        for place, label in enumerate(labels):
            wanted[place, label] += share
    torch.testing.assert_close(made.marginals(scores).exp(), wanted, atol=1e-4, rtol=1e-4)


def test_padding_changes_nothing() -> None:
    made, scores = chain(3)
    labels = torch.tensor([[1, 2, 0, 0]])
    short = made(scores[None, :3], labels[:, :3], torch.ones(1, 3, dtype=torch.bool))
    mask = torch.tensor([[True, True, True, False]])
    torch.testing.assert_close(made(scores[None], labels, mask), short)


def test_no_probability_is_left_for_an_inside_at_the_beginning() -> None:
    made, scores = chain(4)
    assert float(made.marginals(scores)[0, 2].exp()) == pytest.approx(0.0, abs=1e-6)
