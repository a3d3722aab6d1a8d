"""Writes drafts and checks each: what it claims that the item lacks, and what it must not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tradewind.data.records import Item
from tradewind.tasks.describe.brief import Brief, Generator, Language
from tradewind.tasks.describe.faithfulness import Lexicon, unsupported
from tradewind.tasks.describe.harm import harmful
from tradewind.tasks.describe.spans import Span

LONGEST: Final = 4000
"""Characters of a draft at most; what a model writes beyond them is cut."""
EMPTY: Final = "empty"
UNSUPPORTED: Final = "unsupported"
HARMFUL: Final = "harmful"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a draft: `check` is `unsupported`, `harmful` or `empty`, `span` the passage."""

    check: str
    span: Span


@dataclass(frozen=True, slots=True)
class Draft:
    """One text about an item, who wrote it, and what was found in it."""

    item: str
    language: Language
    text: str
    generator: str
    findings: tuple[Finding, ...] = ()

    @property
    def faithful(self) -> bool:
        """Whether it says something, and nothing that the item lacks."""
        return not any(found.check in {UNSUPPORTED, EMPTY} for found in self.findings)


def check(text: str, item: Item, lexicon: Lexicon) -> tuple[Finding, ...]:
    """Returns what is wrong with `text` about `item`, in the order of the text; an empty text is wrong too."""
    if not text.strip():
        return (Finding(EMPTY, Span(EMPTY, "", 0, 0)),)
    found = [Finding(UNSUPPORTED, span) for span in unsupported(text, item, lexicon)]
    found += [Finding(HARMFUL, span) for span in harmful(text)]
    return tuple(sorted(found, key=lambda one: (one.span.start, one.span.end)))


def write_drafts(
    generator: Generator, briefs: Sequence[Brief], lexicon: Lexicon, *, at_once: int = 16
) -> Iterator[Draft]:
    """Yields a checked draft per brief, in their order; `at_once` briefs go to the generator together.

    Raises ModelError when the generator cannot write; the drafts of earlier groups have been yielded by then.
    """
    for start in range(0, len(briefs), at_once):
        group = list(briefs[start : start + at_once])
        for brief, text in zip(group, generator.write(group), strict=True):
            kept = text.strip()[:LONGEST]
            findings = check(kept, brief.item, lexicon)
            yield Draft(brief.item.id, brief.language, kept, generator.name, findings)
