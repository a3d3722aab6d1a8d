"""The block of shop.yaml about predicted attributes: what is guessed of people, and what never is.

What must never be guessed is refused here, when settings are read; `tasks/profile/predicted.py` refuses it once more in
every model, whoever made it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import Field

from tradewind.settings.base import Settings
from tradewind.settings.data import SourceSettings
from tradewind.settings.purchase import PURCHASE
from tradewind.settings.sensitive import Sensitivity, default_sensitivity

ADULT: Final = 18
TOPICS_SAID: Final = "health, pregnancy, religion, sex, minors, origin or politics"
TAKEN: Final = frozenset({PURCHASE, "match", "classify", "next_item", "describe"})
"""Names under which `tradewind train` learns something else."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_AGE: Final = re.compile(r"\bage\b|\baged?\b|年龄|年齡|岁|歲", re.IGNORECASE)
_ALSO: Final = re.compile(
    r"\b(?:birth|birthday|birthdate|born|dob|ethnic\w*|race|racial|nationality|politic\w*|trade union|caste|genetic\w*"
    r"|biometric\w*)\b|出生|生日|民族|种族|種族|政治|党员|基因",
    re.IGNORECASE,
)
"""What is no topic of a shelf, and is not guessed of a person either; a birthday hides an age."""


class PredictedSettings(Settings):
    """An attribute that some people told, and that is guessed of the others from what they bought."""

    source: SourceSettings
    user: str
    """The shop's own id of the user who told it, as in `events`; it is exchanged for the pseudonym and not kept."""
    target: str
    """What the user told: an income band, the size of the household."""
    bands: dict[str, list[str]] = {}
    """Coarser bands by name, each with the told values that it holds; left out, the values are the bands."""
    called: str | None = Field(None, min_length=1, max_length=60, pattern=r"^[^:]+$")
    """How the attribute is called in a tag; left out, by its name."""
    least_probability: float = Field(0.5, gt=0, lt=1)
    """A guess that is less probable is not made."""
    least_gain: float = Field(0.0, ge=0, lt=1)
    """By how much more often than the commonest band a guess has to be right, and more surely than by chance, or no
    model is published."""

    def named(self, name: str) -> str:
        """Returns the attribute as a person reads it."""
        return self.called or name.replace("_", " ")


def offence(names: Sequence[str], bands: Sequence[str], sensitivity: Sensitivity | None = None) -> str | None:
    """Returns the first of the names and bands of an attribute for which it must never be predicted, else None.

    Words of a sensitive topic or an audience, of origin and politics, a birthday, and a band of an age that begins
    below 18.
    """
    words, spelled = sensitivity or default_sensitivity(), [_spelled(name) for name in names]
    given = list(zip([*names, *bands], [*spelled, *map(_spelled, bands)], strict=True))
    bad = next((name for name, read in given if not words.allows(read) or _ALSO.search(read)), None)
    if bad is None and any(_AGE.search(name) for name in spelled):
        bad = next((band for band in bands if _youngest(band) < ADULT), None)
    return bad


def harmless(predicted: Mapping[str, PredictedSettings]) -> Mapping[str, PredictedSettings]:
    """Returns `predicted`; raises ValueError for an attribute that must never be predicted, by its name, a column, a
    query or a label, and for a name that is taken or no plain word."""
    for name, block in predicted.items():
        if not _NAME.fullmatch(name) or name in TAKEN:
            raise ValueError(f"{name!r} cannot name an attribute: a word of its own, in a-z, 0-9 and _")
        columns = (name, block.named(name), block.target, block.source.query or "")
        labels = [label for band, told in block.bands.items() for label in (band, *told)]
        bad = offence(columns, labels)
        if bad is not None:
            raise ValueError(f"{name} is never predicted: {bad!r} is about {TOPICS_SAID}")
    return predicted


def _spelled(name: str) -> str:
    """Returns the words of a column's name: "kidsCount" and "kids_count" are "kids count"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ")


def _youngest(band: str) -> int:
    """Returns the lowest age that a band may hold: 0 for "under 25" and for a band without a number."""
    if re.search(r"under|below|less|up to|<|≤|以下|未满|未滿", band, re.IGNORECASE):
        return 0  # "under 35" does not say that it begins with grown-ups
    numbers = [int(found) for found in re.findall(r"\d+", band)]
    return min(numbers, default=0)
