"""`tradewind privacy`: show, erase, mask."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import typer

from tradewind.cli.app import app, print_json
from tradewind.errors import ConfigError, DataError
from tradewind.privacy.masking import mask as mask_text
from tradewind.settings import load_shop

group = typer.Typer(no_args_is_help=True, help="Show what is held about a person, erase a person, mask a text.")
app.add_typer(group, name="privacy")

USER = typer.Argument(..., help="The shop's own id of the user.")
SHOP = typer.Option(Path(), "--shop", help="The shop's folder.")
JSON = typer.Option(False, "--json", help="Print JSON.")


@group.command()
def export(user: str = USER, shop: Path = SHOP, json: bool = JSON) -> None:
    """Print everything that is held about a user: ids, consent, events, and what is concluded. Always JSON."""
    from tradewind.flows.privacy import export as collect

    print_json(collect(load_shop(shop), user))


@group.command()
def erase(
    user: str = USER,
    shop: Path = SHOP,
    yes: bool = typer.Option(False, "--yes", help="Do it: what is erased does not come back."),
    json: bool = JSON,
) -> None:
    """Erase a user for good: events, consent, and the row that tells whose pseudonym it was."""
    from dataclasses import asdict

    from tradewind.flows.privacy import erase as forget

    done = forget(load_shop(shop), user, sure=yes)
    if json:
        print_json(asdict(done))
    else:
        print(done.text())


@group.command()
def mask(
    file: Path | None = typer.Argument(None, help="A text file in UTF-8; left out, standard input is read."),
    json: bool = typer.Option(False, "--json", help="Print text and counts as one JSON object."),
) -> None:
    """Print a text without its phone, card, e-mail and identity numbers; the counts go to standard error."""
    counts: Counter[str] = Counter()
    kept: list[str] = []
    for line in _lines(file):
        found = mask_text(line)
        counts.update(found.counts)
        kept.append(found.text) if json else sys.stdout.write(found.text)
    if json:
        print_json({"text": "".join(kept), "counts": dict(counts)})
    else:
        print(", ".join(f"{kind}: {count}" for kind, count in sorted(counts.items())) or "nothing", file=sys.stderr)


def _lines(file: Path | None) -> Iterator[str]:
    """Yields the lines with their ends as they are. Raises ConfigError, DataError."""
    if file is not None and not file.is_file():
        raise ConfigError("there is no such file", where=str(file))
    with sys.stdin.buffer if file is None else file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield line.decode("utf-8")
            except UnicodeDecodeError:
                where = f"{file or 'standard input'}, line {number}"
                raise DataError("this line is not UTF-8", where=where, hint="save the text as UTF-8") from None
