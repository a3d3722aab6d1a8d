"""Templates such as "{type}, {size}", whose empty parts go away with the words and signs that belong to them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.errors import ConfigError

_FIELD: Final = re.compile(r"\{([^{}]+)\}")
_SEPARATORS: Final = " \t,;:.|/·、，；：。>–—-"
_OPENERS: Final = "([{（【《"
_CLOSERS: Final = ")]}）】》"
_WORD: Final = re.compile(r"^\s*[\w%]+")

Part = str | int
"""A literal, or the number of a field."""


class Template:
    """A text with fields in braces."""

    def __init__(self, text: str) -> None:
        pieces = _FIELD.split(text)
        self.text = text
        self.literals: tuple[str, ...] = tuple(pieces[0::2])
        self.fields: tuple[str, ...] = tuple(name.strip() for name in pieces[1::2])
        if not self.fields:
            raise ConfigError(f"the template {text!r} has no field in braces")

    def render(self, values: Mapping[str, str | None]) -> str:
        """Returns the text with `values` filled in; "" when every field is empty."""
        found = [values.get(name) or "" for name in self.fields]
        plan = _plan(self.literals, tuple(bool(value) for value in found))
        return "".join(found[part] if isinstance(part, int) else part for part in plan).strip()

    def render_columns(self, columns: Mapping[str, pa.Array], rows: int) -> pa.Array:
        """Returns `rows` texts, one per row of the string columns; null where every field is empty."""
        arrays = [_present(columns[name], rows) for name in self.fields]
        code = np.zeros(rows, dtype=np.int64)
        for place, array in enumerate(arrays):
            code |= np.asarray(array.is_valid()).astype(np.int64) << place
        patterns, inverse = np.unique(code, return_inverse=True)
        if rows == 0:
            return pa.nulls(0, pa.string())
        if len(patterns) == 1:
            return self._joined(arrays, int(patterns[0]), rows)
        order = np.argsort(inverse, kind="stable")
        bounds = np.searchsorted(inverse[order], np.arange(len(patterns) + 1))
        pieces = []
        for place, pattern in enumerate(patterns.tolist()):
            chosen = pa.array(order[bounds[place] : bounds[place + 1]])
            pieces.append(self._joined([array.take(chosen) for array in arrays], pattern, len(chosen)))
        back = np.empty(rows, dtype=np.int64)
        back[order] = np.arange(rows)
        return pa.concat_arrays(pieces).take(pa.array(back))

    def _joined(self, arrays: Sequence[pa.Array], pattern: int, rows: int) -> pa.Array:
        plan = _plan(self.literals, tuple(bool(pattern >> place & 1) for place in range(len(arrays))))
        if not plan:
            return pa.nulls(rows, pa.string())
        parts: list[Any] = [arrays[part] if isinstance(part, int) else pa.scalar(part) for part in plan]
        return pc.utf8_trim_whitespace(pc.binary_join_element_wise(*parts, ""))


def _present(array: pa.Array, rows: int) -> pa.Array:
    if len(array) != rows:
        raise ValueError(f"{len(array)} values for {rows} rows")
    return pc.if_else(pc.equal(array, ""), None, array)


@lru_cache(maxsize=4096)
def _plan(literals: tuple[str, ...], present: tuple[bool, ...]) -> tuple[Part, ...]:
    """Returns what to join when only some fields have a value.

    The literal before an empty field introduces it and goes with it, as does a word right after it (its unit);
    a bracket that an empty field opened is opened by the next field, or closed unseen.
    """
    plan: list[Part] = []
    opener: str | None = None
    for place, has_value in enumerate(present):
        literal, opener = _before(literals[place], opener, after_empty=place > 0 and not present[place - 1])
        if has_value:
            plan += [literal if plan or place == 0 else literal.lstrip(_SEPARATORS), place]
            opener = None
        elif opener is None and any(sign in _OPENERS for sign in literal):
            opener = literal
    if not plan:
        return ()
    last, _ = _before(literals[-1], opener, after_empty=not present[-1])
    return tuple(part for part in (*plan, last) if part != "")


def _before(literal: str, opener: str | None, *, after_empty: bool) -> tuple[str, str | None]:
    if after_empty:
        literal = _WORD.sub("", literal)
    if opener is None:
        return literal, None
    if literal.lstrip()[:1] and literal.lstrip()[0] in _CLOSERS:
        return literal.lstrip()[1:], None
    return opener, opener
