"""Reads the test with a candidate whose answers are no labels: entities of texts, and texts in order for a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import numpy as np
import numpy.typing as npt

from tradewind.data.examples import Examples
from tradewind.data.group_rows import group_rows
from tradewind.evaluation.entities import entity_counts
from tradewind.evaluation.judged import Judged
from tradewind.evaluation.judged_scores import ScoredRows, judge_scores
from tradewind.evaluation.robustness import Change
from tradewind.evaluation.slices import Slice, slice_of
from tradewind.tasks.estimators import EstimatorTask, Model, Reader
from tradewind.tasks.rank.judged import JudgedQuery
from tradewind.tasks.rank.ranking import Candidates, ranked
from tradewind.tasks.tag.entities import Entity
from tradewind.tasks.tag.tagger import TagReader

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Entities = tuple[Entity, ...]
ORDER_CHANGES: Final = "word order"
"""Offsets say nothing after it."""
MOST_TEXTS: Final = 500
MOST_QUERIES: Final = 100


def judged_scores(task: EstimatorTask, served: tuple[Model, Reader], examples: Examples, seed: int) -> Judged | None:
    """Returns how good the published form is on the test, None for a task whose answers nothing here can judge."""
    tested = group_rows(examples.groups, seed).tested
    if isinstance(served[1], TagReader):
        return _Tagging(served, served[1].kinds, examples, tested).judged(seed)
    queries = _queries(examples, tested) if task.pairs else []
    answers = ranked(*served, [queries[0][0]])[0] if queries else {}
    return _Ranking(served, queries).judged(seed) if "scores" in answers else None


class _Tagging:
    def __init__(self, served: tuple[Model, Reader], kinds: tuple[str, ...], examples: Examples, tested: Rows) -> None:
        self._model, self._reader = served
        self._kinds = kinds
        self._texts = [examples.texts[row] for row in tested]
        self._truth: list[Entities] = [
            tuple(one for one in examples.targets[row] if one.kind in kinds) for row in tested
        ]

    def judged(self, seed: int) -> Judged:
        found = [self._read(text) for text in self._texts]
        named = [tuple(entity for entity, _ in one) for one in found]
        counts = entity_counts(self._truth, named)
        stated = [(p, entity in truth) for one, truth in zip(found, self._truth, strict=True) for entity, p in one]
        rows = ScoredRows(
            texts=self._texts,
            scores=_each_f1(self._truth, named),
            metric="F1 of a text",
            figures={"entity F1": counts.f1, "precision": counts.precision, "recall": counts.recall},
            parts={"entities": [_how_many(len(truth)) for truth in self._truth]},
            more=tuple(self._kind_slice(kind, named, seed) for kind in self._kinds if self._has(kind, named)),
            sure=np.array([p for p, _ in stated]),
            right=np.array([float(right) for _, right in stated]),
        )
        return judge_scores(rows, self._rescore, _in_place(), seed=seed, most=MOST_TEXTS)

    def _read(self, text: str) -> list[tuple[Entity, float]]:
        (outputs,) = self._model.outputs([text])
        answer = self._reader.read(outputs, text, 1)
        return [
            (Entity(one["start"], one["end"], one["label"]), float(one["confidence"])) for one in answer["entities"]
        ]

    def _rescore(self, texts: Sequence[str], rows: Rows) -> Floats:
        named = [tuple(entity for entity, _ in self._read(text)) for text in texts]
        return _each_f1([self._truth[row] for row in rows], named)

    def _has(self, kind: str, named: Sequence[Entities]) -> bool:
        return any(one.kind == kind for side in (self._truth, named) for text in side for one in text)

    def _kind_slice(self, kind: str, named: Sequence[Entities], seed: int) -> Slice:
        """Over the texts that have the kind or were said to."""
        sides = [[tuple(one for one in text if one.kind == kind) for text in side] for side in (self._truth, named)]
        held = [place for place, pair in enumerate(zip(*sides, strict=True)) if pair[0] or pair[1]]
        scores = _each_f1([sides[0][place] for place in held], [sides[1][place] for place in held])
        return slice_of(scores, "kind", kind, seed=seed)


class _Ranking:
    def __init__(self, served: tuple[Model, Reader], queries: Sequence[tuple[Candidates, JudgedQuery]]) -> None:
        self._served = served
        self._queries = [one for one in queries if one[1].grades.max(initial=0) > 0]
        self._silent = len(queries) - len(self._queries)

    def judged(self, seed: int) -> Judged | None:
        if not self._queries:
            return None
        texts = [asked.query for asked, _ in self._queries]
        scores = self._rescore(texts, np.arange(len(texts)))
        sizes = [_how_many_candidates(len(judged)) for _, judged in self._queries]
        rows = ScoredRows(texts, scores, "nDCG@10", {"nDCG@10": float(scores.mean())}, {"candidates": sizes})
        return judge_scores(rows, self._rescore, _perturbations(), seed=seed, most=MOST_QUERIES, left_out=self._silent)

    def _rescore(self, texts: Sequence[str], rows: Rows) -> Floats:
        asked = [Candidates(text, self._queries[row][0].texts) for text, row in zip(texts, rows, strict=True)]
        found = ranked(*self._served, asked)
        return np.array(
            [self._queries[row][1].ndcg(np.array(answer["scores"])) for row, answer in zip(rows, found, strict=True)]
        )


def _queries(examples: Examples, rows: Rows) -> list[tuple[Candidates, JudgedQuery]]:
    held: dict[str, dict[str, int]] = {}
    for row in rows:
        held.setdefault(examples.texts[row], {}).setdefault(examples.seconds[row], int(examples.targets[row]))
    return [
        (Candidates(query, tuple(found)), JudgedQuery(query, tuple(found), np.array(list(found.values()), np.int64)))
        for query, found in held.items()
    ]


def _perturbations() -> dict[str, Change]:
    from tradewind.flows.perturbations import PERTURBATIONS

    return dict(PERTURBATIONS)


def _in_place() -> dict[str, Change]:
    """The changes after which every character still stands where it stood: a text that grows stays as it is."""
    return {name: _kept_places(change) for name, change in _perturbations().items() if name != ORDER_CHANGES}


def _kept_places(change: Change) -> Callable[[str, Random], str]:
    def changed(text: str, random: Random) -> str:
        found = change(text, random)
        return found if len(found) == len(text) else text

    return changed


def _each_f1(truth: Sequence[Entities], named: Sequence[Entities]) -> Floats:
    """A text that names nothing, and of which nothing is said, is right."""
    pairs = zip(truth, named, strict=True)
    return np.array([entity_counts([one], [other]).f1 if one or other else 1.0 for one, other in pairs])


def _how_many(count: int) -> str:
    return "none" if count == 0 else "one" if count == 1 else "two or three" if count <= 3 else "four or more"


def _how_many_candidates(count: int) -> str:
    return "up to 10" if count <= 10 else "over 10"
