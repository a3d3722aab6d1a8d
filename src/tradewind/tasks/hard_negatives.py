"""Texts that a pair should tell apart: near by vector or beside by category, and not known to be right.

What was never bought together is not wrong for that: most pairs of a catalogue never had the chance. A near text counts
as a negative of things bought together only where chance alone would have brought the two into a basket and they never
were; of a phrase, only where it is another kind of thing and clearly less near than the right text (the positive-aware
rule of Moreira et al., "NV-Retriever", 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tradewind.data.records import CATEGORY_SEPARATOR
from tradewind.tasks.catalogue_texts import CatalogueTexts
from tradewind.tasks.match import kind_of
from tradewind.tasks.shared_baskets import SharedBaskets

Rows = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
NONE: Final = -1
"""Stands where a pair has fewer negatives than asked for."""
_WINDOW: Final = 64
_EXPECTED: Final = 1.0


@dataclass(frozen=True, slots=True)
class Grounds:
    """What tells that a text is no answer: `kind` and `parent` (texts,) are codes of its leaf category and of the one
    above (NONE: there is none), `shared` what was bought together in `baskets` baskets."""

    kind: Rows
    parent: Rows
    shared: SharedBaskets
    baskets: int

    def chance(self, text: int) -> npt.NDArray[np.float64]:
        """Returns (texts,) how many baskets would hold each text and this one if they were bought independently."""
        expected: npt.NDArray[np.float64] = self.shared.held * (self.shared.held[text] / max(1, self.baskets))
        return expected

    def apart(self, text: int) -> npt.NDArray[np.bool_]:
        """Returns (texts,) whether a text was never bought with this one although chance would have it once."""
        found: npt.NDArray[np.bool_] = self.chance(text) >= _EXPECTED
        found[self.shared.others[self.shared.of(text)]] = False
        found[text] = False
        return found


@dataclass(frozen=True, slots=True)
class Sought:
    """For whom negatives are sought: `anchor` (n,) is the text asked with, NONE for a phrase; `right` (n,) the text it
    should find."""

    anchor: Rows
    right: Rows


def grounds(items: pa.Table, catalogue: CatalogueTexts, shared: SharedBaskets, baskets: int) -> Grounds:
    """Returns what the catalogue's categories and `shared` baskets say of every text."""
    first = items.take(pa.array(catalogue.first)).select(["category", "title"]).to_pylist()
    kinds = [kind_of(row["category"], row["title"]) for row in first]
    parents = [_parent(row["category"]) for row in first]
    return Grounds(_codes(kinds), _codes(parents), shared, baskets)


def mined(given: Grounds, sought: Sought, nearness: Floats, count: int, ratio: float) -> Rows:
    """Returns (n, count) text numbers, nearest first. `nearness` (n, texts) are cosines of centred vectors.

    A text nearer than `ratio` × the right text (for things bought together: than `ratio`) may be right and is left out.
    """
    found = np.full((len(sought.right), count), NONE, dtype=np.int64)
    for place, (anchor, right) in enumerate(zip(sought.anchor.tolist(), sought.right.tolist(), strict=True)):
        near = nearness[place]
        window = np.argsort(-near, kind="stable")[:_WINDOW]
        wrong = given.apart(anchor) if anchor != NONE else given.kind != given.kind[right]
        most = ratio if anchor != NONE else ratio * float(near[right])
        kept = window[wrong[window] & (near[window] <= most) & (window != right)][:count]
        found[place, : len(kept)] = kept
    return found


def siblings(given: Grounds, sought: Sought, count: int, seed: int) -> Rows:
    """Returns (n, count) text numbers drawn from the categories beside that of the right text, under its parent.

    For things bought together, texts that share a basket with the anchor are left out.
    """
    random = np.random.default_rng(seed)
    found = np.full((len(sought.right), count), NONE, dtype=np.int64)
    order = np.argsort(given.parent, kind="stable")
    starts = np.searchsorted(given.parent[order], np.arange(given.parent.max(initial=NONE) + 2))
    for place, (anchor, right) in enumerate(zip(sought.anchor.tolist(), sought.right.tolist(), strict=True)):
        parent = int(given.parent[right])
        if parent == NONE:
            continue
        family = order[starts[parent] : starts[parent + 1]]
        others = family[given.kind[family] != given.kind[right]]
        if anchor != NONE:
            others = np.setdiff1d(others, given.shared.others[given.shared.of(anchor)])
            others = others[others != anchor]
        drawn = random.permutation(others)[:count]
        found[place, : len(drawn)] = drawn
    return found


def _parent(path: str | None) -> str | None:
    above, separator, _ = (path or "").rpartition(CATEGORY_SEPARATOR)
    return above if separator else None


def _codes(names: Sequence[str | None]) -> Rows:
    codes = pa.array(names, pa.string()).dictionary_encode().indices.fill_null(NONE)
    numbers: Rows = codes.to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers
