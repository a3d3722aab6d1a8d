"""Tags: each a short statement about a person, with its weight and every event that it rests on."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

KINDS: Final = ("category", "brand", "price_band", "recency", "frequency", "value", "predicted")
PREDICTED: Final = KINDS[6]
RHYTHM: Final = KINDS[3:6]
"""The kinds that say how lately, how often and for how much, and nothing of what."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One event behind a tag: its id, when it was, its item, and how much it adds now that it has aged."""

    event_id: str
    time: datetime
    item: str | None
    weight: float


@dataclass(frozen=True, slots=True)
class Tag:
    """`kind` is one of KINDS and `value` its words; `weight` is a share of the interest (category, brand, price band),
    a figure (recency in days, frequency in baskets a month, value in money), or a probability (predicted, whose value
    is the attribute, a colon and the band: `income: high`).

    `evidence` is newest first and complete: the shares of a kind are the sums of their evidence over that of the kind.
    """

    kind: str
    value: str
    weight: float
    evidence: tuple[Evidence, ...] = ()
    why: str = ""

    @property
    def id(self) -> str:
        """Returns what a person names to delete the tag."""
        return f"{self.kind}:{self.value}"

    @property
    def note(self) -> str:
        """Returns for a guess that it is one, in words for the person; nothing for what the events themselves say."""
        if self.kind != PREDICTED:
            return ""
        spoke = f"; what spoke most for it: {self.why}" if self.why else "; nothing in particular spoke for it"
        return f"a guess from {len(self.evidence)} purchases, and not something that you told{spoke}"

    def as_json(self) -> dict[str, Any]:
        """Returns the tag in words and numbers, times in ISO form."""
        rests_on = [{"event": e.event_id, "time": e.time.isoformat(), "item": e.item} for e in self.evidence]
        shown = {"id": self.id, "kind": self.kind, "value": self.value, "weight": round(self.weight, 4)}
        return {**shown, "evidence": rests_on, **({"note": self.note} if self.note else {})}


@dataclass(frozen=True, slots=True)
class Deletions:
    """The tags that a person took back. They are kept as words and never as tags, and outlive every rebuild: whoever
    rebuilds a profile must give it the deletions, or it is another person's profile."""

    ids: frozenset[str] = field(default_factory=frozenset)

    def with_tag(self, tag_id: str) -> Deletions:
        """Returns these and one more; deleting twice is deleting once."""
        return Deletions(self.ids | {_same(tag_id)})

    def without_tag(self, tag_id: str) -> Deletions:
        """Returns these but for one that the person wants back."""
        return Deletions(self.ids - {_same(tag_id)})

    def holds(self, kind: str, value: str) -> bool:
        """Whether a tag was deleted, whatever its case or width.

        The words of a rhythm follow the days and the money, so that whoever deletes one of a kind deletes the kind; a
        guess follows each purchase, so that whoever deletes one is not guessed on that attribute again.
        """
        if _same(f"{kind}:{value}") in self.ids:
            return True
        if kind in RHYTHM and any(each.startswith(f"{kind}:") for each in self.ids):
            return True
        attribute = _same(f"{kind}:{value.split(':')[0]}")
        return kind == PREDICTED and any(each == attribute or each.startswith(f"{attribute}:") for each in self.ids)

    def as_json(self) -> list[str]:
        """Returns the ids, sorted."""
        return sorted(self.ids)

    @classmethod
    def of(cls, ids: Iterable[str]) -> Deletions:
        """Returns the deletions that `as_json` told."""
        return cls(frozenset(_same(each) for each in ids))


@dataclass(frozen=True, slots=True)
class TaggedProfile:
    """All that is said of a person: `tags` by kind, then weight; `vector` (d,) unit length, or None without vectors.

    `withheld` counts events that were looked at and left out because their item touches a sensitive topic.
    """

    tags: tuple[Tag, ...]
    vector: tuple[float, ...] | None = None
    withheld: int = 0

    def of_kind(self, kind: str) -> Mapping[str, float]:
        """Returns value to weight of the tags of one kind, greatest first."""
        return {tag.value: tag.weight for tag in self.tags if tag.kind == kind}

    def as_json(self) -> dict[str, Any]:
        """Returns everything that is held, for the person to read."""
        return {"tags": [tag.as_json() for tag in self.tags], "vector": self.vector, "withheld_events": self.withheld}


def _same(tag_id: str) -> str:
    return unicodedata.normalize("NFKC", tag_id).casefold().strip()
