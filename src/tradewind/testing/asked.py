"""What a sample asks of an estimator, as JSON writes it and as the engine takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tradewind.engine.estimators import Input
from tradewind.runtime.pictures import GivenPicture
from tradewind.tasks.rank.ranking import Candidates

Asked = str | tuple[str, Sequence[str]] | Mapping[str, str]
"""A text, (query, texts), or {"picture": the file's name within the shop's folder}."""


def inputs_of(asked: Sequence[Any], folder: Path) -> list[Input]:
    """Returns what the engine takes; pictures lie in `folder`."""
    return [_input(one, folder) for one in asked]


def _input(asked: Any, folder: Path) -> Input:
    if isinstance(asked, str):
        return asked
    if isinstance(asked, Mapping):
        return GivenPicture(asked["picture"], folder / asked["picture"])
    query, texts = asked
    return Candidates(query, tuple(texts))
