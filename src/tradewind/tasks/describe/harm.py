"""Finds what no product text may say, in Chinese and English: superlatives, medical claims, insults and more."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

from tradewind.tasks.describe.spans import Span


def harmful(text: str) -> tuple[Span, ...]:
    """Returns the passages of `text` that break a rule, in their order; `kind` is the rule's category.

    The rules are patterns: they find what is worded like a breach, so that a person looks at it, and cannot find what
    is merely meant.
    """
    found = {
        (match.start(), match.end(), kind): match.group()
        for kind, patterns in _rules().items()
        for pattern in patterns
        for match in pattern.finditer(text)
    }
    return tuple(Span(kind, words, start, end) for (start, end, kind), words in sorted(found.items()))


@cache
def _rules() -> dict[str, tuple[re.Pattern[str], ...]]:
    raw = tomllib.loads(files("tradewind.tasks.describe").joinpath("harm.toml").read_text(encoding="utf-8"))
    return {kind: tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns) for kind, patterns in raw.items()}
