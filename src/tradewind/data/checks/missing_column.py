"""A column that shop.yaml names and the source lacks: nothing can be read, so this is an error and no quarantine."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from tradewind.errors import DataError


def require_columns(wanted: Sequence[str], present: Sequence[str], where: str) -> None:
    """Raises DataError naming each missing column and the nearest one that is there."""
    missing = [name for name in wanted if name not in present]
    if missing:
        shown = ", ".join(present[:20]) + (", …" if len(present) > 20 else "")
        raise DataError(
            "; ".join(_told(name, present) for name in missing), where=where, hint=f"it has: {shown or 'none'}"
        )


def _told(name: str, present: Sequence[str]) -> str:
    folded = {column.casefold(): column for column in present}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.5)
    return f"there is no column {name!r}" + (f"; did you mean {folded[near[0]]!r}?" if near else "")
