"""Token ids of a text with a token at every place where an entity may begin or end.

A SentencePiece tokeniser merges Chinese characters into words of its own, across the ends of entities, and puts a
mark before what follows a space. So each unit is tokenised by itself, and without the mark where no space precedes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tokenizers import Tokenizer

from tradewind.tasks.tag.entities import Span

_SPACE_MARK: Final = "▁"
_MOST_KNOWN: Final = 100_000
"""Units that are remembered: what a server is asked has no end."""


class UnitTokens:
    """The tokeniser of an encoder, unit by unit; what a unit becomes is remembered. Several threads may share it."""

    def __init__(self, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._tokenizer = tokenizer
        self._longest = max_tokens
        self._known: dict[tuple[str, bool], list[int]] = {}
        ends = self._tokenizer.encode("").ids
        self._first, self._last = ends[: len(ends) // 2], ends[len(ends) // 2 :]
        unknown = self._tokenizer.encode("�", add_special_tokens=False).ids
        self._unknown = unknown[-1:] or [0]

    def read(self, text: str, units: Sequence[Span]) -> tuple[list[int], list[int]]:
        """Returns token ids, at most `max_tokens`, and the place among them of each unit's first token.

        A text that is too long loses its end, and the units there have no place.
        """
        ids = list(self._first)
        places: list[int] = []
        room = self._longest - len(self._last)
        for start, end in units:
            pieces = self._pieces(text[start:end], start == 0 or text[start - 1].isspace())
            if len(ids) + len(pieces) > room:
                break
            places.append(len(ids))
            ids += pieces
        return [*ids, *self._last], places

    def _pieces(self, unit: str, spaced: bool) -> list[int]:
        key = unit, spaced
        found = self._known.get(key)
        if found is None:
            found = self._cut(unit, spaced) or self._unknown
            if len(self._known) < _MOST_KNOWN:
                self._known[key] = found
        return found

    def _cut(self, unit: str, spaced: bool) -> list[int]:
        found = self._tokenizer.encode(unit, add_special_tokens=False)
        if not spaced and found.tokens and found.tokens[0].startswith(_SPACE_MARK):
            bare = self._tokenizer.token_to_id(found.tokens[0].removeprefix(_SPACE_MARK))
            return [*([bare] if bare is not None else []), *found.ids[1:]] or list(found.ids)
        return list(found.ids)
