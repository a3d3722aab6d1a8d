"""Turns text into the tokens that are indexed and searched: one definition for items, queries and the vocabulary."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from tradewind.index.segmentation import HAN, Segmenter
from tradewind.index.stemming import light_stem

MAX_TEXT = 4_000
"""Characters of a text that are read; a longer one is cut, so that no query takes long."""
MAX_TOKENS = 24
"""Words of a query that are searched for."""
MAX_TOKEN = 40
_REMEMBERED = 50_000
_SHORT = 200

_WORD = re.compile(rf"[{HAN}]+|[0-9]+(?:\.[0-9]+)?|[^\W\d_{HAN}]+")
_HAN_RUN = re.compile(f"[{HAN}]+")
_APOSTROPHES = re.compile("['’‘`´]")
_MARKS = re.compile("[\u0300-\u036f]")
_STOPWORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be by for from in into is it of on or that the this to with without your my some any "
        "的 了 和 与 及 或 在 是 我 要 给 用 吗 呢 把 个",
    )
)


@dataclass(frozen=True, slots=True)
class Token:
    """A searchable `term`, the `surface` it had in the folded text, and the shorter words inside it as `parts`."""

    term: str
    surface: str
    parts: tuple[str, ...] = ()
    han: bool = False


def fold(text: str) -> str:
    """Returns `text` in one writing: compatible forms joined (NFKC), lower case, without accents or lone surrogates."""
    clean = text[:MAX_TEXT].encode("utf-8", "ignore").decode("utf-8")
    lowered = unicodedata.normalize("NFKC", clean).casefold()
    if lowered.isascii():
        return _APOSTROPHES.sub("", lowered)
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", _APOSTROPHES.sub("", lowered)))
    return unicodedata.normalize("NFC", bare)[:MAX_TEXT]


class Analyser:
    """Folds, cuts and stems. English loses its plurals, Chinese is cut into words, numbers part from their units."""

    def __init__(self, segmenter: Segmenter | None = None) -> None:
        self.segmenter = segmenter or Segmenter()
        self._remembered = lru_cache(maxsize=_REMEMBERED)(self._terms)

    def tokens(self, text: str, cut: Callable[[str], list[str]] | None = None) -> Iterator[Token]:
        """Yields the tokens of `text` in order; `cut` may cut runs of Chinese in place of the segmenter."""
        for found in _WORD.finditer(fold(text)):
            word = found.group()
            if _HAN_RUN.match(word[0]):
                yield from (self.han(part) for part in (cut or self.segmenter.cut)(word))
            else:
                yield Token(light_stem(word[:MAX_TOKEN]), word[:MAX_TOKEN])

    def terms(self, text: str) -> tuple[str, ...]:
        """Returns what an item's text is found by: every token, and the parts of the Chinese ones.

        Short texts are remembered, as most of a catalogue's repeat.
        """
        return self._remembered(text) if len(text) <= _SHORT else self._terms(text)

    def _terms(self, text: str) -> tuple[str, ...]:
        found: list[str] = []
        for token in self.tokens(text):
            found.extend(token.parts)
            found.append(token.term)
        return tuple(found)

    def query(self, text: str, cut: Callable[[str], list[str]] | None = None) -> list[Token]:
        """Returns the distinct tokens of a query, at most MAX_TOKENS; stop words go unless there is nothing else."""
        kept: dict[str, Token] = {}
        for token in self.tokens(text, cut):
            kept.setdefault(token.term, token)
            if len(kept) >= 2 * MAX_TOKENS:
                break
        told = [token for token in kept.values() if token.surface not in _STOPWORDS]
        return (told or list(kept.values()))[:MAX_TOKENS]

    def han(self, word: str) -> Token:
        """Returns the token of a Chinese word."""
        short = word[:MAX_TOKEN]
        return Token(short, short, tuple(self.segmenter.parts(short)), han=True)


def grams(text: str) -> list[str]:
    """Returns the single Han characters of `text` and its pairs, which find a word that was cut in another way."""
    found: list[str] = []
    for run in () if text.isascii() else _HAN_RUN.findall(fold(text)):
        found.extend(run)
        found.extend(run[at : at + 2] for at in range(len(run) - 1))
    return found


def gram_query(word: str) -> tuple[str, ...]:
    """Returns the grams that a text must all hold to be likely to hold `word`."""
    return (word,) if len(word) == 1 else tuple(word[at : at + 2] for at in range(len(word) - 1))
