"""Texts said in another way with the same meaning, so that a model learns more from few: one way a file, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from tradewind.errors import ConfigError
from tradewind.training.augmentation.back_translation import Translate, back_translated
from tradewind.training.augmentation.homophones import Homophones
from tradewind.training.augmentation.synonyms import Synonyms
from tradewind.training.augmentation.typos import typo
from tradewind.training.augmentation.words import dropped, swapped

Change = Callable[[str, Random], str]
"""A text in, the text changed out; the text itself where the change does not apply."""
KINDS = ("drop", "swap", "typos", "synonyms", "homophones", "back-translation")


@dataclass(frozen=True, slots=True)
class Sources:
    """What the changes draw on: the shop's own texts, groups of words that mean the same, and a translation model."""

    texts: Sequence[str] = ()
    synonyms: Sequence[Sequence[str]] = field(default=())
    translate: Translate | None = None


def changes(kinds: Sequence[str], sources: Sources) -> Mapping[str, Change]:
    """Returns the changes by name. Raises ConfigError for one that is not known, or lacks what it draws on."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ConfigError(f"there is no augmentation {unknown[0]!r}", hint=f"known: {', '.join(KINDS)}")
    if "back-translation" in kinds and sources.translate is None:
        raise ConfigError("back-translation needs a translation model", hint="leave it out, or name one")
    made: dict[str, Change] = {"drop": dropped, "swap": swapped, "typos": typo}
    if "synonyms" in kinds:
        made["synonyms"] = Synonyms(sources.synonyms)
    if "homophones" in kinds:
        made["homophones"] = Homophones(sources.texts)
    if sources.translate is not None:
        made["back-translation"] = back_translated(sources.translate)
    return {kind: made[kind] for kind in kinds}


def augmented(
    texts: Sequence[str], made: Mapping[str, Change], *, copies: float, seed: int
) -> tuple[list[str], list[int]]:
    """Returns new texts and the number of the text that each came from: about `copies` of each, changed by one way.

    A copy that no change touched, or that came out empty or twice, is left out. The same seed gives the same texts.
    """
    random = Random(seed)  # noqa: S311  (chance for learning, not for secrets)
    found: list[str] = []
    origins: list[int] = []
    seen = set(texts)
    ways = list(made.values())
    for number, text in enumerate(texts):
        for _ in range(int(copies) + (random.random() < copies % 1)):
            changed = random.choice(ways)(text, random).strip() if ways else text
            if changed and changed not in seen:
                seen.add(changed)
                found.append(changed)
                origins.append(number)
    return found, origins
