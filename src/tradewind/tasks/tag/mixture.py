"""Two taggers as one: the weighted mean of their log-probabilities, decoded once.

An encoder knows words it never saw labelled, a linear tagger learns names by heart; they err in different places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.evaluation.entities import entity_f1
from tradewind.tasks.tag.decoding import allowed_transitions, best_labels
from tradewind.tasks.tag.entities import Entity, Span, TaggedText, entities_of
from tradewind.tasks.tag.units import units_of

Scores = npt.NDArray[np.float64]
WEIGHTS: Final = (0.0, 0.25, 0.4, 0.5, 0.6, 0.75, 1.0)


def decoded(scores: Scores, units: Sequence[Span], kinds: Sequence[str]) -> tuple[Entity, ...]:
    """Returns the entities of the best labels that spell whole ones; `scores` may end before `units` do."""
    labels = best_labels(scores, allowed_transitions(scores.shape[1]))
    return entities_of(labels, units[: len(labels)], kinds)


def mixed(first: Scores, second: Scores, weight: float) -> Scores:
    """Returns weight · first + (1 − weight) · second, log p (units, labels) each; where one was cut off, the other."""
    shorter, longer = sorted((len(first), len(second)))
    both = weight * first[:shorter] + (1 - weight) * second[:shorter]
    return np.concatenate([both, (first if len(first) == longer else second)[shorter:]])


def fit_weight(
    texts: Sequence[TaggedText], first: Sequence[Scores], second: Sequence[Scores], kinds: Sequence[str]
) -> float:
    """Returns the weight of `first` in WEIGHTS with the highest F1 of whole entities on `texts`."""
    truth = [text.entities for text in texts]
    units = [units_of(text.text) for text in texts]

    def reached(weight: float) -> float:
        both = (mixed(one, other, weight) for one, other in zip(first, second, strict=True))
        return entity_f1(truth, [decoded(scores, spans, kinds) for scores, spans in zip(both, units, strict=True)])

    return max(WEIGHTS, key=reached)
