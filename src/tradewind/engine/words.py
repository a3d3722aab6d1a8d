"""Words of an item, as a match is explained with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tradewind.index.analysis import fold
from tradewind.index.stemming import light_stem

_WORDS: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?|[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Words:
    """A text in the writing that the index compares in, and the stems of its words."""

    folded: str
    stems: frozenset[str]


@lru_cache(maxsize=4096)
def words_of(text: str) -> Words:
    """Returns the words of `text`, read as the index reads them."""
    folded = fold(text)
    return Words(folded, frozenset(light_stem(word) for word in _WORDS.findall(folded)))
