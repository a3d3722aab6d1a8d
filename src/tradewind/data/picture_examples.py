"""Reads a table whose rows name a picture's file and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tradewind.data.checks import Finding
from tradewind.data.example_rows import ExampleRows, Row
from tradewind.data.examples import Examples, Parse, read_table
from tradewind.data.quarantine import Quarantine
from tradewind.data.report import TableReport
from tradewind.settings import ExamplesSettings, Shop

Look = Callable[[Path], str]
"""A picture's file in, a hash of its bytes out; raises ValueError with the reason when it cannot be read."""


def read_picture_examples(
    shop: Shop, name: str, settings: ExamplesSettings, parse: Parse, look: Look
) -> tuple[Examples, TableReport]:
    """Returns the examples, each picture with a target once, and what became of every row.

    `texts` are the files' names within the shop's folder, `seconds` the hashes of their bytes. Whatever `settings` name
    as the group, rows with one picture have one group. Raises DataError as `read_examples` does.
    """
    return read_table(shop, name, [settings], _PictureRows(shop.root, parse, look))


class _PictureRows(ExampleRows[Examples]):
    def __init__(self, root: Path, parse: Parse, look: Look) -> None:
        super().__init__(Examples())
        self._root = root.resolve()
        self._parse = parse
        self._look = look
        self._known: dict[Path, str] = {}
        self._seen: set[tuple[str, str]] = set()

    def leave_out(self, bad: Quarantine) -> None:
        """Brings the rows of one picture into one group; none is left out."""
        self.found.groups = joined(self.found.groups, self.found.seconds)

    def add(self, row: Row) -> Finding | None:
        """Keeps the row as an example, counts it as a repeat, or returns what is wrong with it."""
        for part in ("picture", "target"):
            if not row[part]:
                return Finding(part, f"empty_{part}")
        try:
            target = self._parse(row["target"])
        except ValueError as error:
            return Finding("target", str(error))
        try:
            path = within(self._root, row["picture"])
            content = self._known[path] = self._known.get(path) or self._look(path)
        except ValueError as error:
            return Finding("picture", str(error))
        if (content, row["target"]) in self._seen:
            self.repeats += 1
            return None
        self._seen.add((content, row["target"]))
        self.found.texts.append(path.relative_to(self._root).as_posix())
        self.found.seconds.append(content)
        self.found.targets.append(target)
        self.found.groups.append(row["group"] or content)
        self.found.places.append(row.stands)
        return None


def within(root: Path, written: str) -> Path:
    """Returns the file that `written` names within `root`, links followed.

    Raises ValueError, its text the reason: an address, a file outside the folder, or none.
    """
    if "://" in written:
        raise ValueError("address_in_place_of_file")
    if "\x00" in written:
        raise ValueError("no_such_file")
    try:
        path = (root / written).resolve()
        if not path.is_relative_to(root):
            raise ValueError("outside_shop")
        if path.is_file():
            return path
    except OSError:
        pass
    raise ValueError("no_such_file")


def joined(groups: Sequence[str], contents: Sequence[str]) -> list[str]:
    """Returns a group for every row, one for rows that share a group or a content, even by way of others: the first
    of their groups in the order of words."""
    first = {group: group for group in groups}

    def root(group: str) -> str:
        while first[group] != group:
            first[group] = group = first[first[group]]
        return group

    group_of: dict[str, str] = {}
    for group, content in zip(groups, contents, strict=True):
        both = root(group), root(group_of.setdefault(content, group))
        first[max(both)] = min(both)
    return [root(group) for group in groups]
