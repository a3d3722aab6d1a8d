"""Which tokens are hidden, and what stands in their place.

Devlin et al., "BERT: pre-training of deep bidirectional transformers", NAACL 2019: of the tokens chosen eight in ten
become the mask, one in ten another token, one in ten stays. Pieces of a word are chosen together (Cui et al.,
"Pre-training with whole word masking for Chinese BERT", 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from tradewind.errors import ModelError
from tradewind.training.supervised.task import IGNORED

MASKS: Final = ("[MASK]", "<mask>")
MASKED, REPLACED = 0.8, 0.1
LONGEST_WORD: Final = 4
"""Pieces that are hidden together at most: where nothing is written between words, a sentence is one word."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Words:
    """A text as tokens: `ids` (t,), and the word that each token belongs to, -1 for what is never hidden."""

    ids: Numbers
    words: Numbers


@dataclass(frozen=True, slots=True)
class Masking:
    """How tokens are hidden: the mask's id, the ids that may stand in a token's place, and the share that is chosen."""

    mask: int
    others: Numbers
    share: float


def masking_of(tokenizer: Tokenizer, share: float) -> Masking:
    """Returns the masking in the tokeniser's own words. Raises ModelError when it has no token for a mask."""
    found = [number for name in MASKS if (number := tokenizer.token_to_id(name)) is not None]
    if not found:
        raise ModelError(
            f"the tokenizer has no token for a mask ({' or '.join(MASKS)})",
            hint="take an encoder that was pretrained by masking words",
        )
    special = {number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special} | set(found)
    others = np.array(sorted(set(range(tokenizer.get_vocab_size())) - special), dtype=np.int64)
    return Masking(found[0], others, share)


def words_of(tokenizer: Tokenizer, texts: Sequence[str], prefix: str, *, whole: bool) -> list[Words]:
    """Returns the texts behind `prefix` as tokens; with `whole` the pieces of a word belong together.

    Special tokens and those of the prefix are never hidden.
    """
    return [_one(found, len(prefix), whole) for found in tokenizer.encode_batch([prefix + text for text in texts])]


def hidden(text: Words, masking: Masking, random: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Returns the ids (t,) with tokens hidden, and the targets (t,): the token where one was chosen, else IGNORED.

    At least one word is chosen, where there is any.
    """
    numbers = np.unique(text.words[text.words >= 0])
    if not len(numbers):
        return text.ids.copy(), np.full(len(text.ids), IGNORED, np.int64)
    wanted = max(1.0, masking.share * int((text.words >= 0).sum()))
    chosen = np.isin(text.words, _chosen(text.words, random.permutation(numbers), wanted))
    dice = random.random(len(text.ids))
    ids = np.where(chosen & (dice < MASKED), masking.mask, text.ids)
    swapped = chosen & (dice >= MASKED) & (dice < MASKED + REPLACED)
    ids = np.where(swapped, random.choice(masking.others, len(ids)), ids)
    return ids.astype(np.int64), np.where(chosen, text.ids, IGNORED).astype(np.int64)


def _chosen(words: Numbers, order: Numbers, wanted: float) -> Numbers:
    """Takes words in `order` until so many tokens are hidden; the last one is taken when that comes nearer."""
    sizes = np.cumsum([int((words == number).sum()) for number in order])
    return order[: max(1, int(np.argmin(np.abs(sizes - wanted))) + 1)]


def _one(encoding: object, prefix: int, whole: bool) -> Words:
    ids = np.array(encoding.ids, np.int64)  # type: ignore[attr-defined]
    words = np.full(len(ids), -1, np.int64)
    number, size, before = -1, 0, None
    places = zip(encoding.word_ids, encoding.offsets, strict=True)  # type: ignore[attr-defined]
    for place, (word, (_, end)) in enumerate(places):
        if word is None or end <= prefix:
            before = None
            continue
        if not whole or word != before or size == LONGEST_WORD:
            number, size = number + 1, 0
        words[place], size, before = number, size + 1, word
    return Words(ids, words)
