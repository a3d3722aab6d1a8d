"""Cuts text into token ids, safely for any string that can reach a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from tradewind.errors import ArtefactError

LONGEST_PIECE: Final = 64
"""Characters per token that are looked at: what lies beyond could not be among the tokens that are kept."""


class TextTokens:
    """A tokenizer that cuts at `max_tokens` and never pads. It may be used from several threads."""

    def __init__(self, path: Path, max_tokens: int) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:
            raise ArtefactError(f"not a tokenizer: {error}", where=str(path)) from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_length=max_tokens)
        self._longest_text = max_tokens * LONGEST_PIECE

    @property
    def vocabulary(self) -> int:
        """How many ids there are."""
        return self._tokenizer.get_vocab_size()

    def ids(self, texts: Sequence[str], prefix: str) -> list[list[int]]:
        """Returns the token ids of each of `texts` with `prefix` before it; a lone surrogate reads as `?`."""
        whole = [prefix + text[: self._longest_text].encode("utf-8", "replace").decode("utf-8") for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(whole)]
