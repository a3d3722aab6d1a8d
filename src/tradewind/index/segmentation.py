"""Cuts Chinese text into words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import rjieba

from tradewind.errors import ConfigError

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN_WORD = re.compile(f"[{HAN}]+")


class Segmenter:
    """jieba's dictionary with the shop's own words in front of it.

    `cut` gives the words of a text, each once; `parts` the shorter words inside a word. Safe to share between threads
    once made.
    """

    def __init__(self, own_words: Iterable[str] = ()) -> None:
        self.own_words = tuple(sorted({word for word in own_words if _HAN_WORD.fullmatch(word)}))
        self._jieba = _jieba(self.own_words)

    def cut(self, text: str) -> list[str]:
        """Returns the words of `text`, which holds nothing but Han characters, in order."""
        return list(self._jieba.cut(text, hmm=True))

    def parts(self, word: str) -> list[str]:
        """Returns the dictionary words inside `word`, shortest first, without `word` itself."""
        return [part for part in self._jieba.cut_for_search(word, hmm=True) if part != word] if len(word) > 2 else []


@lru_cache(maxsize=2)
def _jieba(own_words: tuple[str, ...]) -> rjieba.Jieba:
    """Returns a dictionary with `own_words`; catalogues of one shop share it, as it takes tens of megabytes."""
    made = rjieba.Jieba()
    for word in own_words:
        made.add_word(word, None, None)
    return made


def read_words(path: Path) -> list[str]:
    """Returns the words of a dictionary file: UTF-8, one a line, `#` begins a comment, what follows a space is dropped.

    Raises ConfigError when the file is not there or not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ConfigError(f"the dictionary cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} of the dictionary is not UTF-8", where=str(path)) from None
    words = (unicodedata.normalize("NFKC", line.split("#")[0]).split() for line in lines)
    return [found[0] for found in words if found]
