"""Cuts a run of Chinese into the words of a glossary."""

from __future__ import annotations

from collections.abc import Callable

from tradewind.index.glossary.entries import MAX_WORD


def cut(run: str, holds: Callable[[str], bool]) -> list[tuple[str, bool]]:
    """Returns the pieces of `run` in order, each with whether it is a word that `holds` says yes to.

    Words of two characters or more leave as few characters over as can be, in as few pieces as can be; between equal
    ways the longer first word wins. A single character is never taken as a word here: it is too often half of another.
    """
    ends = len(run)
    costs: list[tuple[int, int]] = [(0, 0)] * (ends + 1)
    steps = [0] * ends
    for at in range(ends - 1, -1, -1):
        loose = costs[at + 1]
        joined = at + 1 < ends and steps[at + 1] == 0
        costs[at] = (loose[0] + 1, loose[1] + (not joined))
        for size in range(2, min(MAX_WORD, ends - at) + 1):
            rest = costs[at + size]
            if (rest[0], rest[1] + 1) <= costs[at] and holds(run[at : at + size]):
                costs[at], steps[at] = (rest[0], rest[1] + 1), size
    return _pieces(run, steps)


def _pieces(run: str, steps: list[int]) -> list[tuple[str, bool]]:
    """Returns the words that `steps` (characters of the word beginning there, 0 for none) cut `run` into."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    while at < len(run):
        size = steps[at]
        if not size:
            size = next((place for place in range(at, len(run)) if steps[place]), len(run)) - at
            pieces.append((run[at : at + size], False))
        else:
            pieces.append((run[at : at + size], True))
        at += size
    return pieces
