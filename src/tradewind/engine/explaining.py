"""What a published estimator's answer hangs on: each word is left out in turn, without torch.

Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, section 3, on words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from tradewind.engine.estimators import OpenEstimator
from tradewind.errors import RequestError
from tradewind.evaluation.explanation import Explanation, WordWeight
from tradewind.index.segmentation import HAN

Span = tuple[int, int]
ALL_LABELS: Final = 1_000_000
MOST_WORDS: Final = 512
"""Words that are looked at; no model reads more tokens."""
_PIECE: Final = re.compile(rf"([{HAN}]+)|[^\W_{HAN}]+(?:['’-][^\W_{HAN}]+)*|[^\s]")


def word_spans(text: str, cut: Callable[[str], Sequence[str]]) -> list[Span]:
    """Returns where the words of `text` lie, at most MOST_WORDS; runs of Chinese are parted by `cut`, signs stand
    alone."""
    found: list[Span] = []
    for piece in _PIECE.finditer(text):
        at = piece.start()
        for word in cut(piece.group()) if piece.group(1) else [piece.group()]:
            found.append((at, at + len(word)))
            at += len(word)
    return found[:MOST_WORDS]


def probabilities(estimator: OpenEstimator, text: str) -> dict[str, float]:
    """Returns the probability of every label. Raises RequestError for a task whose answers are not labels."""
    (outputs,) = estimator.model.outputs([text])
    answer = estimator.reader.read(outputs, text, ALL_LABELS)
    if "labels" not in answer:
        raise RequestError(f"the answers of {estimator.name} are not labels, which alone are explained")
    return {str(one["label"]): float(one["probability"]) for one in answer["labels"]}


def target_of(estimator: OpenEstimator, text: str, target: str | None) -> str:
    """Returns the label to explain: `target`, or the likeliest. Raises RequestError for one that there is not."""
    if not text.strip():
        raise RequestError("the text is empty")
    known = probabilities(estimator, text)
    if target is None:
        return max(known, key=lambda label: known[label])
    if target not in known:
        raise RequestError(f"{estimator.name} has no label {target!r}", hint=f"likeliest: {', '.join(list(known)[:5])}")
    return target


def occlusion(estimator: OpenEstimator, text: str, target: str, spans: Sequence[Span]) -> Explanation:
    """Returns by how much the probability of `target` falls without each word; `baseline` is without all of them."""
    value = probabilities(estimator, text)[target]
    words = tuple(
        WordWeight(start, end, text[start:end], value - probabilities(estimator, text[:start] + text[end:])[target])
        for start, end in spans
    )
    without = probabilities(estimator, "")[target]
    return Explanation(
        estimator.name, estimator.version, "occlusion", "probability", target, text, value, without, words
    )
