"""Attributes written behind a text, "cup, colour: red", in a way that they can be taken off again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tradewind.data.examples import Examples, without_numbers
from tradewind.settings import ExamplesSettings


def with_columns(settings: ExamplesSettings, columns: Sequence[str]) -> ExamplesSettings:
    """Returns how the table is read when each of `columns` stands behind the text by its name, unless it is empty."""
    if not columns:
        return settings
    text = settings.text if "{" in settings.text or settings.text.startswith("=") else f"{{{settings.text}}}"
    return settings.model_copy(update={"text": text + "".join(f", {name}: {{{name}}}" for name in columns)})


def without_columns(text: str, columns: Sequence[str]) -> str:
    """Returns the text as it stands before the first of the attributes."""
    names = "|".join(re.escape(name) for name in columns)
    return re.split(rf"(?:^|, )(?:{names}): ", text, maxsplit=1)[0] if columns else text


def grouped_by_text(examples: Examples, columns: Sequence[str]) -> Examples:
    """Returns the examples grouped by the text alone: one product in two colours is not parted by the split."""
    return replace(examples, groups=[without_numbers(without_columns(text, columns)) for text in examples.texts])
