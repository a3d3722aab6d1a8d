"""Masking of a whole column: only texts that could hold a number or an address are looked at closely."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.privacy.masking import SUSPECT, mask


def mask_column(column: pa.Array) -> tuple[pa.Array, Counter[str]]:
    """Returns the texts masked, and how many of each kind were taken out."""
    counts: Counter[str] = Counter()
    coded = column.dictionary_encode()
    words = coded.dictionary
    suspects = np.flatnonzero(np.asarray(pc.match_substring_regex(words, SUSPECT).fill_null(False)))
    if len(suspects) == 0:
        return column, counts
    texts = words.to_pylist()
    uses = np.bincount(np.asarray(coded.indices.drop_null()), minlength=len(texts))
    for place in suspects.tolist():
        masked = mask(texts[place])
        texts[place] = masked.text
        counts.update({kind: number * int(uses[place]) for kind, number in masked.counts.items()})
    return pa.array(texts, pa.string()).take(coded.indices), counts
