"""Trims the vocabulary of a Unigram encoder: pieces that a shop's languages never use go, and their rows with them.

Two thirds of a multilingual encoder of this size are the rows of its word table, and most of those belong to scripts
that a shop of two languages never shows. Text in the kept scripts is cut into the same pieces as before; text in any
other script becomes the unknown token.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from tradewind.errors import ModelError
from tradewind.models.checkpoint import EncoderWeights

WORD_TABLE: Final = "embeddings.word_embeddings.weight"
WORD_MARK: Final = "▁"

CharacterRange = tuple[int, int]
SHARED_RANGES: Final[tuple[CharacterRange, ...]] = (
    (0x0020, 0x007F),  # ASCII
    (0x00A0, 0x00C0),  # signs: degree, plus-minus, superscripts, fractions
    (0x00D7, 0x00D8),  # the multiplication sign of sizes
    (0x2010, 0x2700),  # punctuation, currencies, units, Roman numerals, enclosed figures
)
SINGLE_LETTERS: Final[CharacterRange] = (0x00C0, 0x0180)
LANGUAGE_RANGES: Final[dict[str, tuple[CharacterRange, ...]]] = {
    "en": tuple((ord(letter), ord(letter) + 1) for letter in "éèüöäñ"),  # brand names: Nestlé, Häagen-Dazs, jalapeño
    "zh": (
        (0x3000, 0x3040),  # punctuation
        (0x3400, 0xA000),  # ideographs
        (0xF900, 0xFB00),  # compatibility ideographs
        (0xFF00, 0xFFF0),  # full-width forms
    ),
}


def trimmed(weights: EncoderWeights, languages: Sequence[str]) -> EncoderWeights:
    """Returns the encoder with only the pieces written in the scripts of `languages` ("en", "zh").

    An encoder whose tokenizer is not Unigram is returned as it is: its vocabulary is small already.
    Raises ModelError for a language whose script is not known.
    """
    if weights.tokenizer["model"].get("type") != "Unigram":
        return weights
    pieces: list[list[Any]] = weights.tokenizer["model"]["vocab"]
    special = {token["id"] for token in weights.tokenizer["added_tokens"]}
    allowed = _ranges(languages)
    kept = [row for row, (text, score) in enumerate(pieces) if row in special or _written_in(text, score, allowed)]
    return _with_rows(weights, kept)


def _ranges(languages: Sequence[str]) -> Collection[CharacterRange]:
    unknown = sorted(set(languages) - set(LANGUAGE_RANGES))
    if unknown:
        known = ", ".join(sorted(LANGUAGE_RANGES))
        raise ModelError(f"no script is known for {', '.join(unknown)}", hint=f"known: {known}, or do not trim")
    return SHARED_RANGES + tuple(found for language in languages for found in LANGUAGE_RANGES[language])


def _written_in(text: str, score: float, allowed: Collection[CharacterRange]) -> bool:
    """A piece with no probability stands for something other than text, like the mask, and stays.

    Single accented letters stay too, so that a rare one is spelled out instead of hiding its word.
    """
    if score == 0.0 or (len(text) == 1 and SINGLE_LETTERS[0] <= ord(text) < SINGLE_LETTERS[1]):
        return True
    return all(char == WORD_MARK or any(low <= ord(char) < high for low, high in allowed) for char in text)


def _with_rows(weights: EncoderWeights, kept: Sequence[int]) -> EncoderWeights:
    new_id = {old: new for new, old in enumerate(kept)}
    model = dict(weights.tokenizer["model"])
    model["vocab"] = [model["vocab"][old] for old in kept]
    model["unk_id"] = new_id[model["unk_id"]]
    tokenizer = dict(weights.tokenizer, model=model)
    tokenizer["added_tokens"] = [dict(token, id=new_id[token["id"]]) for token in weights.tokenizer["added_tokens"]]
    tokenizer["post_processor"] = _renumbered(weights.tokenizer["post_processor"], new_id)
    tensors = dict(weights.tensors)
    tensors[WORD_TABLE] = tensors[WORD_TABLE][list(kept)]
    config = dict(weights.config, vocab_size=len(kept))
    if config.get("pad_token_id") is not None:
        config["pad_token_id"] = new_id[config["pad_token_id"]]
    return EncoderWeights(tensors, config, tokenizer, weights.tokenizer_config)


def _renumbered(processor: dict[str, Any], new_id: dict[int, int]) -> dict[str, Any]:
    """The template that puts the special tokens around a text names them by id too."""
    tokens = {
        name: dict(token, ids=[new_id[old] for old in token["ids"]])
        for name, token in processor.get("special_tokens", {}).items()
    }
    return dict(processor, special_tokens=tokens) if tokens else processor
