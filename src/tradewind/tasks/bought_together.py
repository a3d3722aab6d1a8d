"""The protocol behind "what is bought with this item": held-out baskets, every distinct item ranked, recall@k.

A question is one item of a held-out basket; right are the basket's other items. A method scores texts, so items with
one text tie, and one popularity rule ranks them for every method alike. It is read in two ways, both printed with the
ceiling that they set: `shown`, where a text takes one place and its most popular item stands there, as a page that
does not repeat itself would show it; and `every`, where all items of a text take consecutive places, most popular
first. The item asked about is itself no answer and takes no place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError
from tradewind.tasks.baskets import Baskets
from tradewind.tasks.catalogue_texts import CatalogueTexts
from tradewind.tasks.scoring import Scorer

Rows = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BoughtTogether:
    """Questions: `anchors` (q,) and each of `answers` are item rows, `ranked` (c,) the numbers of the ranked texts."""

    catalogue: CatalogueTexts
    anchors: Rows
    answers: tuple[Rows, ...]
    ranked: Rows

    @property
    def texts(self) -> list[str]:
        """The texts that are ranked."""
        return [self.catalogue.texts[number] for number in self.ranked]

    def other_texts(self, number: int) -> Rows:
        """Returns the texts bought with question `number`, its own left out."""
        texts = np.unique(self.catalogue.text_of[self.answers[number]])
        other: Rows = texts[texts != self.catalogue.text_of[self.anchors[number]]]
        return other


@dataclass(frozen=True, slots=True)
class Recalls:
    """One value per question: the share of the answers in the first k places.

    `shown`: one place a text, a hit when the item that stands for it was bought. `every`: a place for every item.
    `texts`: one place a text, a hit when anything with that text was bought, the anchor's own text left out; NaN
    where nothing else was bought.
    """

    shown: Values
    every: Values
    texts: Values

    def means(self) -> dict[str, float]:
        """Returns each mean by name, over the questions where it is known; 0 where there are none."""
        found = {"shown": self.shown, "every": self.every, "texts": self.texts}
        return {name: float(np.nanmean(values)) if np.any(~np.isnan(values)) else 0.0 for name, values in found.items()}


def bought_together(
    catalogue: CatalogueTexts,
    held_out: Baskets,
    *,
    questions: int,
    seed: int,
    ranked: int | None = None,
    largest: int = 60,
    asked: Rows | None = None,
) -> BoughtTogether:
    """Returns up to `questions` questions, one from each of as many baskets of 2 to `largest` items.

    `asked` are the item rows that may be asked about, any for None. `ranked` limits the ranking to that many texts,
    those of the questions first, then the most sold, then others at random: a quicker protocol, whose figures are only
    comparable with one another. None ranks the whole catalogue.
    Raises DataError when no basket will do.
    """
    random = np.random.default_rng(seed)
    may = np.ones(len(held_out.rows), dtype=bool) if asked is None else np.isin(held_out.rows, asked)
    holds = np.diff(np.concatenate([[0], np.cumsum(may)])[held_out.starts]) > 0
    usable = np.flatnonzero((held_out.sizes >= 2) & (held_out.sizes <= largest) & holds)
    if not len(usable):
        raise DataError("no held-out basket has two items", hint="match needs purchases with a basket or a buyer")
    chosen = random.permutation(usable)[:questions]
    anchors, answers = [], []
    for number in chosen:
        there = slice(held_out.starts[number], held_out.starts[number + 1])
        rows, choices = held_out.rows[there], np.flatnonzero(may[there])
        anchor = int(choices[random.integers(len(choices))])
        anchors.append(int(rows[anchor]))
        answers.append(np.delete(rows, anchor))
    if ranked is None or ranked >= len(catalogue.texts):
        return BoughtTogether(catalogue, np.array(anchors), tuple(answers), np.arange(len(catalogue.texts)))
    return _within(catalogue, anchors, answers, _pool(catalogue, anchors, ranked, random))


def recall(check: BoughtTogether, scorer: Scorer, k: int = 20) -> Recalls:
    """Returns the recall@k of the texts' scores for every question."""
    asked, which = np.unique(check.catalogue.text_of[check.anchors], return_inverse=True)
    texts = [check.catalogue.texts[number] for number in asked]
    scores = np.asarray(scorer(texts, check.texts))
    # Equal scores must not fall to the order of the catalogue file: the text that sells more stands first.
    popular = -check.catalogue.sold[check.ranked]
    found = [_places(check, number, np.lexsort((popular, -scores[row])), k) for number, row in enumerate(which)]
    return _gathered(found)


def popularity_recall(check: BoughtTogether, k: int = 20) -> Recalls:
    """Returns the recall@k of always answering with what sells most, text by text."""
    sold = check.catalogue.sold[check.ranked].astype(np.float64)
    return recall(check, lambda questions, _: np.broadcast_to(sold, (len(questions), len(sold))), k)


def ceiling(check: BoughtTogether, k: int = 20) -> Recalls:
    """Returns the best recall@k that any scores of texts could reach, each question searched exactly."""
    numbers = range(len(check.anchors))
    shown = [min(k, int(_stands(check, number).sum())) / len(check.answers[number]) for number in numbers]
    texts = [min(k, len(other)) / len(other) if len(other) else np.nan for other in map(check.other_texts, numbers)]
    return Recalls(np.array(shown), np.array([_best_of_every(check, number, k) for number in numbers]), np.array(texts))


def _places(check: BoughtTogether, number: int, order: Rows, k: int) -> tuple[float, float, float]:
    catalogue, anchor, answers = check.catalogue, int(check.anchors[number]), check.answers[number]
    own = int(catalogue.text_of[anchor])
    head = check.ranked[order[: k + 1]]
    before = dict(zip(head.tolist(), (np.cumsum(catalogue.sizes[head]) - catalogue.sizes[head]).tolist(), strict=True))
    far = k + int(catalogue.sizes.max()) + 1
    places = np.array([before.get(int(text), far) for text in catalogue.text_of[answers]]) + catalogue.place[answers]
    places -= places > before.get(own, far) + catalogue.place[anchor]
    shown = head[(head != own) | (catalogue.sizes[own] > 1)][:k]
    other = check.other_texts(number)
    return (
        float(np.mean(np.isin(catalogue.text_of[answers], shown) & _stands(check, number))),
        float(np.mean(places < k)),
        float(np.isin(other, head[head != own][:k]).mean()) if len(other) else np.nan,
    )


def _stands(check: BoughtTogether, number: int) -> npt.NDArray[np.bool_]:
    """Returns which answers stand for their text: its most popular item, or the second when that is the anchor."""
    catalogue, anchor, answers = check.catalogue, int(check.anchors[number]), check.answers[number]
    own = catalogue.text_of[answers] == catalogue.text_of[anchor]
    stands: npt.NDArray[np.bool_] = catalogue.place[answers] == (own & (catalogue.place[anchor] == 0))
    return stands


def _best_of_every(check: BoughtTogether, number: int, k: int) -> float:
    """Fills k places with texts: whole ones, and one that the last place may cut, so as to hold the most answers."""
    catalogue, answers = check.catalogue, check.answers[number]
    whole = np.zeros(k + 1)
    cut = np.zeros(k + 1)
    for text in np.unique(catalogue.text_of[answers]):
        places = np.sort(catalogue.place[answers[catalogue.text_of[answers] == text]])
        own = catalogue.text_of[check.anchors[number]] == text
        places -= own & (places > catalogue.place[check.anchors[number]])
        size = int(catalogue.sizes[text]) - int(own)
        held = np.searchsorted(places, np.arange(k + 1))
        cut = np.maximum(
            cut, [max(whole[room - n] + held[n] for n in range(min(room, size) + 1)) for room in range(k + 1)]
        )
        if size <= k:
            cut[size:] = np.maximum(cut[size:], cut[: k + 1 - size] + held[size])
            whole[size:] = np.maximum(whole[size:], whole[: k + 1 - size] + held[size])
    return float(max(cut.max(), whole.max()) / len(answers))


def _pool(catalogue: CatalogueTexts, anchors: Sequence[int], ranked: int, random: np.random.Generator) -> Rows:
    asked = np.unique(catalogue.text_of[np.array(anchors)])
    by_sales = np.argsort(-catalogue.sold, kind="stable")
    others = random.permutation(len(catalogue.texts))
    wanted = np.concatenate([asked, by_sales[: max(0, ranked * 4 // 5 - len(asked))], others])
    _, first = np.unique(wanted, return_index=True)
    return np.sort(wanted[np.sort(first)[:ranked]]).astype(np.int64)


def _within(catalogue: CatalogueTexts, anchors: Sequence[int], answers: Sequence[Rows], ranked: Rows) -> BoughtTogether:
    kept = [(a, rows[np.isin(catalogue.text_of[rows], ranked)]) for a, rows in zip(anchors, answers, strict=True)]
    kept = [(anchor, rows) for anchor, rows in kept if len(rows)]
    return BoughtTogether(catalogue, np.array([a for a, _ in kept], dtype=np.int64), tuple(r for _, r in kept), ranked)


def _gathered(found: Sequence[tuple[float, float, float]]) -> Recalls:
    values = np.array(found, dtype=np.float64).reshape(-1, 3)
    return Recalls(values[:, 0], values[:, 1], values[:, 2])
