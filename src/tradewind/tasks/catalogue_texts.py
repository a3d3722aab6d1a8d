"""The catalogue as a text model sees it: distinct texts, and behind each the items that share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CatalogueTexts:
    """Distinct texts in the order of their first item.

    `text_of` (items,): the text number of each item row. `place` (items,): where a row stands among the items with
    its text, 0 for the most popular: the one rule by which every method ranks what no text model can tell apart.
    `sizes` (texts,): how many items share a text. `sold` (texts,): their purchases. `first` (texts,): the row of the
    most popular item.
    """

    texts: tuple[str, ...]
    text_of: Rows
    place: Rows
    sizes: Rows
    sold: Rows
    first: Rows


def catalogue_texts(texts: Sequence[str], popularity: Rows) -> CatalogueTexts:
    """Returns the distinct `texts` of the items; `popularity` (items,) counts purchases, ties go by row."""
    column = pa.array(texts, pa.string()).dictionary_encode()
    text_of = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.lexsort((np.arange(len(text_of)), -popularity, text_of))
    sizes = np.bincount(text_of, minlength=len(column.dictionary)).astype(np.int64)
    starts = np.cumsum(sizes) - sizes
    place = np.empty(len(rows), dtype=np.int64)
    place[rows] = np.arange(len(rows)) - starts[text_of[rows]]
    return CatalogueTexts(
        texts=tuple(column.dictionary.to_pylist()),
        text_of=text_of,
        place=place,
        sizes=sizes,
        sold=np.bincount(text_of, weights=popularity, minlength=len(sizes)).astype(np.int64),
        first=rows[starts].astype(np.int64),
    )


def item_texts(items: pa.Table) -> list[str]:
    """Returns what the encoder reads for each row of an items table; the title where an item has no text."""
    return [str(text) for text in pc.if_else(pc.equal(items["text"], ""), items["title"], items["text"]).to_pylist()]
