"""A light English stemmer: plurals and nothing more, so that two different words rarely become one."""

from __future__ import annotations

_KEEP = frozenset(["ss", "us", "is"])


def light_stem(word: str) -> str:
    """Returns `word` (lower case) without its plural ending; other words come back as they are.

    The three rules of Harman's S stemmer ("How effective is suffixing?", JASIS 1991), with the endings -shes, -ches,
    -xes, -zes, -sses and -oes also losing their e, as shop titles are full of dishes, boxes, glasses and tomatoes.
    """
    if len(word) < 4 or not word.endswith("s") or word[-2:] in _KEEP or not word.isascii():
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 4 and word[-4] not in "ae" else word[:-1]
    if word.endswith(("shes", "ches", "xes", "zes", "sses", "oes")):
        return word[:-2] if len(word) > 4 else word[:-1]
    return word[:-1]
