"""What `match` learns from and is judged by, gathered once from a snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tradewind.data.snapshot import Snapshot
from tradewind.settings import Effort, Shop
from tradewind.tasks.baskets import Baskets, baskets, time_cuts
from tradewind.tasks.bought_together import BoughtTogether, bought_together
from tradewind.tasks.catalogue_texts import CatalogueTexts
from tradewind.tasks.hard_negatives import Grounds, grounds
from tradewind.tasks.match import Pairs, among, phrase_pairs, together_pairs, weighed_pairs
from tradewind.tasks.match_report import texts_and_baskets
from tradewind.tasks.query_check import QueryCheck, query_check, spelled_queries
from tradewind.tasks.shared_baskets import shared_baskets
from tradewind.tasks.translations import Glosses, Translated, held_out_check, parted, translated
from tradewind.training.plan import Budget

Rows = npt.NDArray[np.int64]
_MAP_PAIRS: Final = 1_500_000
_COMPOSED: Final = 0.3
"""Composed Chinese queries for every pair that is learned from."""
_ENOUGH: Final = 10
"""Right items that a query needs among the ranked ones: as many as precision@10 has places."""


@dataclass(frozen=True, slots=True)
class MatchEffort:
    """What an effort allows: `blocks` of the transformer move, `sold` best-selling texts are learned from by them and
    `mapped` by the map of the role together, `ranked` texts stand in the protocol (None: all), over `questions`
    questions; `phrases` is the share of phrase batches."""

    budget: Budget
    blocks: int
    sold: int | None
    mapped: int | None
    ranked: int | None
    questions: int
    phrases: float = 0.6


EFFORTS: Final[dict[Effort, MatchEffort]] = {
    "quick": MatchEffort(Budget(60, 64, 30, haste=4.0), blocks=2, sold=1000, mapped=4000, ranked=4000, questions=600),
    "normal": MatchEffort(
        Budget(1200, 64, 150, haste=2.0), blocks=4, sold=6000, mapped=20000, ranked=6000, questions=1000
    ),
    "full": MatchEffort(Budget(8000, 128, 500), blocks=12, sold=None, mapped=None, ranked=None, questions=2000),
}


@dataclass(frozen=True, slots=True)
class TextPairs:
    """Distinct `texts`, and pairs of rows into them that were bought together, as often as they were."""

    texts: tuple[str, ...]
    left: Rows
    right: Rows


@dataclass(frozen=True, slots=True)
class MatchExamples:
    """Pairs to learn, checks for making choices (`validation`, `tune`) and checks for figures (`test`, `report`)."""

    together: Pairs
    phrases: Pairs
    mapped: TextPairs
    validation: BoughtTogether
    test: BoughtTogether
    tune: QueryCheck | None
    report: QueryCheck | None
    words: tuple[str, ...]
    translated: Translated = field(default_factory=Translated)
    unseen: QueryCheck | None = None
    grounds: Grounds | None = None
    """What tells that a text is no answer; only where negatives are asked for."""


def match_examples(
    shop: Shop, snapshot: Snapshot, effort: MatchEffort, pairs: int, glosses: Glosses | None = None
) -> MatchExamples:
    """Returns the examples of a shop. Learned is what was bought in the first 80 % of the purchases, chosen by the next
    10 %, reported on the last 10 %; of `glosses`, the meanings that are not held out.
    Raises DataError when there are no baskets."""
    items, events, seed = snapshot.items(), snapshot.events(types=["purchase"]), shop.settings.learn.seed
    cuts = time_cuts(events)
    catalogue, bought = texts_and_baskets(items, events, cuts.validation)
    learned = among(catalogue, bought, best_sold(catalogue, effort.sold))
    phrases = round(pairs * effort.phrases)
    later = baskets(events, items["id"], cuts.validation, cuts.test)
    test = baskets(events, items["id"], cuts.test, None)
    checked = [
        bought_together(catalogue, held, questions=effort.questions, seed=seed + turn, ranked=effort.ranked)
        for turn, held in enumerate((later, test))
    ]
    examples = MatchExamples(
        together=together_pairs(catalogue, learned, pairs - phrases, seed),
        phrases=phrase_pairs(*_sold_items(items, catalogue, effort.sold), phrases, seed),
        mapped=_text_pairs(catalogue, among(catalogue, bought, best_sold(catalogue, effort.mapped)), seed),
        validation=checked[0],
        test=checked[1],
        tune=_judged(shop, items, catalogue, checked[0].ranked, "tune"),
        report=_judged(shop, items, catalogue, checked[1].ranked, "report"),
        words=shop_words(),
    )
    if shop.settings.learn.match.negatives.wanted:
        shared = shared_baskets(catalogue, bought)
        examples = replace(examples, grounds=grounds(items, catalogue, shared, len(bought)))
    return _with_glosses(examples, glosses, round(pairs * _COMPOSED), seed) if glosses else examples


def _with_glosses(examples: MatchExamples, glosses: Glosses, composed: int, seed: int) -> MatchExamples:
    """Adds what the glossary tells. Chinese words then move towards their English, so that only English ones are held
    where the untuned encoder puts them."""
    learned, held = parted(glosses)
    check = examples.test
    rows = np.flatnonzero(np.isin(check.catalogue.text_of, check.ranked))
    found = translated(examples.validation.texts, learned, composed, seed)
    if not len(found):
        return examples
    unseen = held_out_check(_narrowed(check.catalogue, rows, check.ranked), held)
    words = tuple(word for word in examples.words if word.isascii())
    return replace(examples, words=words, translated=found, unseen=unseen)


def _text_pairs(catalogue: CatalogueTexts, bought: Baskets, seed: int) -> TextPairs:
    left, right = weighed_pairs(catalogue, bought, _MAP_PAIRS, np.random.default_rng(seed))
    texts, rows = np.unique(np.concatenate([left, right]), return_inverse=True)
    return TextPairs(tuple(catalogue.texts[n] for n in texts), rows[: len(left)], rows[len(left) :])


def best_sold(catalogue: CatalogueTexts, count: int | None) -> Rows:
    """Returns the numbers of the `count` texts that sell most, all for None."""
    return np.argsort(-catalogue.sold, kind="stable")[:count]


def shop_words() -> tuple[str, ...]:
    """Returns everyday words of shops in Chinese and English, on which tuned and untuned vectors are held together."""
    listed = files("tradewind.training").joinpath("shop_words.txt").read_text(encoding="utf-8")
    return tuple(listed.split("\n")[:-1])


def all_texts(examples: MatchExamples) -> Sequence[str]:
    """Returns the passages that are ranked or learned, each once."""
    wanted = [*examples.validation.texts, *examples.test.texts, *examples.together.passages, *examples.phrases.passages]
    return list(dict.fromkeys(wanted))


def _sold_items(items: pa.Table, catalogue: CatalogueTexts, count: int | None) -> tuple[CatalogueTexts, pa.Table]:
    """Returns the items whose text is among the best sold, with the catalogue read over these rows alone."""
    rows = np.flatnonzero(np.isin(catalogue.text_of, best_sold(catalogue, count)))
    fewer = CatalogueTexts(
        catalogue.texts,
        catalogue.text_of[rows],
        catalogue.place[rows],
        catalogue.sizes,
        catalogue.sold,
        catalogue.first,
    )
    return fewer, items.take(pa.array(rows))


def _judged(
    shop: Shop, items: pa.Table, catalogue: CatalogueTexts, ranked: Rows, use: Literal["tune", "report"]
) -> QueryCheck | None:
    """Returns the check file's queries over the ranked texts, without those that have too few right items there."""
    file = spelled_queries(shop)
    if file is None:
        return None
    check = query_check(file, items, catalogue, use)
    rows = np.flatnonzero(np.isin(catalogue.text_of, ranked))
    right = [found[rows] for found in check.right]
    kept = [number for number, found in enumerate(right) if found.sum() >= _ENOUGH]
    queries, held = tuple(check.queries[n] for n in kept), tuple(right[n] for n in kept)
    return QueryCheck(_narrowed(catalogue, rows, ranked), queries, held) if kept else None


def _narrowed(catalogue: CatalogueTexts, rows: Rows, ranked: Rows) -> CatalogueTexts:
    number = np.full(len(catalogue.texts), -1)
    number[ranked] = np.arange(len(ranked))
    return CatalogueTexts(
        texts=tuple(catalogue.texts[n] for n in ranked),
        text_of=number[catalogue.text_of[rows]],
        place=catalogue.place[rows],
        sizes=catalogue.sizes[ranked],
        sold=catalogue.sold[ranked],
        first=catalogue.first[ranked],
    )
