"""The task `match`: which texts belong together. Two kinds of pairs are built from what the shop already has.

Bought together: an item's text in the role `together` with the text of something from the same basket. Phrases: a
category, a brand with its category or an attribute in the role `query` with the text of an item it fits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tradewind.data.records import CATEGORY_SEPARATOR
from tradewind.tasks.baskets import Baskets
from tradewind.tasks.catalogue_texts import CatalogueTexts

Rows = npt.NDArray[np.int64]
_OVERSAMPLE: Final = 12
_PLACE: Final = 0.25
_SIZE: Final = 0.5
_WORDS: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Anchors in one role and the passages they should find, row by row.

    `group` (n,) codes what kind of thing the passage is: two of a kind in one batch would be false negatives.
    `often` (n,) is how often the passage stands among the pairs, which the loss corrects for.
    """

    role: str
    anchors: tuple[str, ...]
    passages: tuple[str, ...]
    group: Rows
    often: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.anchors)


def together_pairs(catalogue: CatalogueTexts, bought: Baskets, count: int, seed: int, lift: float = 0.25) -> Pairs:
    """Returns `count` pairs of different items bought in one basket; none where no basket has two.

    A pair is drawn with weight (times bought together) · (sales of the one · sales of the other)^−`lift`. With 0, milk
    and bananas swamp the rest; with 1, a pair weighs its lift, and chance meetings of rare items count too much.
    """
    random = np.random.default_rng(seed)
    left, right = drawn_pairs(catalogue, bought, count * _OVERSAMPLE, random)
    if not len(left):
        return Pairs("together", (), (), np.zeros(0, np.int64), np.zeros(0))
    weight = ((catalogue.sold[left] + 1.0) * (catalogue.sold[right] + 1.0)) ** -lift
    kept = random.choice(len(left), size=count, p=weight / weight.sum())
    left, right = left[kept], right[kept]
    return _pairs("together", [catalogue.texts[n] for n in left], right, right, catalogue)


def among(catalogue: CatalogueTexts, bought: Baskets, texts: Rows) -> Baskets:
    """Returns the baskets with only the items whose text is one of `texts`: what a short run can afford to read."""
    kept = np.isin(catalogue.text_of[bought.rows], texts)
    ends = np.concatenate([[0], np.cumsum(kept)])[bought.starts]
    return Baskets(bought.rows[kept], ends.astype(np.int64))


def phrase_pairs(catalogue: CatalogueTexts, items: pa.Table, count: int, seed: int) -> Pairs:
    """Returns up to `count` pairs of a phrase and the text of an item it describes, each kind of product as likely.

    The kind is the item's leaf category, or its title without numbers where it has no category.
    """
    random = np.random.default_rng(seed)
    paths, brands = items["category"].to_pylist(), items["brand"].to_pylist()
    titles, attributes = items["title"].to_pylist(), items["attributes"].to_pylist()
    kinds = [kind_of(path, title) for path, title in zip(paths, titles, strict=True)]
    codes = pa.array(kinds).dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = random.permutation(len(kinds))
    order = order[np.argsort(codes[order], kind="stable")]
    starts = np.searchsorted(codes[order], np.arange(codes.max() + 2)) if len(codes) else np.zeros(1, np.int64)
    chosen = random.integers(0, max(1, len(starts) - 1), count) if len(codes) else np.zeros(0, np.int64)
    rows = [int(order[starts[kind] + random.integers(starts[kind + 1] - starts[kind])]) for kind in chosen]
    phrases = [_phrase(paths[row], brands[row], titles[row], attributes[row], random) for row in rows]
    told = [place for place, phrase in enumerate(phrases) if phrase]
    texts = catalogue.text_of[np.array([rows[place] for place in told], dtype=np.int64)]
    return _pairs("query", [phrases[place] for place in told], texts, chosen[told], catalogue)


def kind_of(path: str | None, title: str) -> str:
    """Returns what kind of thing an item is: its category path, or the words of its title without the numbers."""
    return path or " ".join(_WORDS.findall(title.lower())) or title


def _pairs(role: str, anchors: Sequence[str], passages: Rows, group: Rows, catalogue: CatalogueTexts) -> Pairs:
    often = np.bincount(passages, minlength=len(catalogue.texts))[passages].astype(np.float64)
    return Pairs(role, tuple(anchors), tuple(catalogue.texts[n] for n in passages), group.astype(np.int64), often)


def drawn_pairs(
    catalogue: CatalogueTexts, bought: Baskets, count: int, random: np.random.Generator
) -> tuple[Rows, Rows]:
    """Returns the text numbers of up to `count` pairs: a line at random and another of its basket, so that a pair comes
    as often as it is bought. Fewer come back, since a line that met itself is no pair."""
    left, right, _ = _drawn_lines(bought, count, random)
    return catalogue.text_of[left], catalogue.text_of[right]


def weighed_pairs(
    catalogue: CatalogueTexts, bought: Baskets, count: int, random: np.random.Generator
) -> tuple[Rows, Rows]:
    """Returns the text numbers of up to `count` pairs as `drawn_pairs` does, but each with the weight
    (1 + p)^−¼ · s^−½, where p is the place of the found item among those of its text and s the basket's size.

    A question is one item of a basket whatever its size, and of the items under a text the first are what a page shows.
    """
    left, right, sizes = _drawn_lines(bought, count, random)
    if not len(left):
        return left, right
    weight = (1.0 + catalogue.place[right]) ** -_PLACE * sizes.astype(np.float64) ** -_SIZE
    summed = np.cumsum(weight)
    kept = np.minimum(np.searchsorted(summed, random.random(len(left)) * summed[-1]), len(left) - 1)
    return catalogue.text_of[left[kept]], catalogue.text_of[right[kept]]


def _drawn_lines(bought: Baskets, count: int, random: np.random.Generator) -> tuple[Rows, Rows, Rows]:
    """Returns item rows of pairs, and the size of the basket that each was drawn from."""
    if not len(bought.rows):
        empty = np.zeros(0, dtype=np.int64)
        return empty, empty, empty
    line = random.integers(0, len(bought.rows), count)
    basket = np.searchsorted(bought.starts, line, side="right") - 1
    other = bought.starts[basket] + (random.random(count) * bought.sizes[basket]).astype(np.int64)
    differ = line != other
    return bought.rows[line[differ]], bought.rows[other[differ]], bought.sizes[basket[differ]]


def _phrase(
    path: str | None, brand: str | None, title: str, attributes: str | None, random: np.random.Generator
) -> str:
    """Returns something that a shopper might type for the item: never its whole text."""
    levels = [level for level in (path or "").split(CATEGORY_SEPARATOR) if level]
    leaf = levels[-1] if levels else ""
    values = [str(value) for value in json.loads(attributes or "{}").values() if value]
    name = title.split(",")[0]
    choices = [leaf, name, name]
    choices += [f"{brand} {leaf}"] if brand and leaf else []
    choices += [f"{values[int(random.integers(len(values)))]} {leaf or name}"] if values else []
    choices = [choice for choice in choices if choice.strip()]
    return choices[int(random.integers(len(choices)))] if choices else ""
