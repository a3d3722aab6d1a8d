"""What `tradewind compress` reads and prints: limits, and the points of the frontier."""

from __future__ import annotations

import json as jsonlib
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from tradewind.cli.app import print_json
from tradewind.cli.reporter import SilentReporter, TerminalReporter
from tradewind.errors import RequestError
from tradewind.flows.step import Reporter
from tradewind.flows.steps.compress import searching
from tradewind.flows.up import STEPS, build_shop
from tradewind.settings import Shop
from tradewind.settings.compress import CompressSettings


def compress_again(shop: Shop, given: dict[str, Any], json: bool) -> None:
    """Compresses and prints what came out; `given` are the limits by name, None where nothing was said.

    Raises RequestError for a limit that is not understood, ParityError where nothing is within the limits.
    """
    asked = _asked(shop, given)
    if json:
        _compress(shop, asked, SilentReporter())
        print_json(_found(shop) if asked.asked else {})
        return
    with TerminalReporter() as reporter:
        _compress(shop, asked, reporter)
    if asked.asked:
        _print(_found(shop))
        print(f"report: {shop.reports / 'compression.html'}")


def _asked(shop: Shop, given: dict[str, Any]) -> CompressSettings:
    """Returns what shop.yaml asks, or what is given in its place. Raises RequestError."""
    said = {name: value for name, value in given.items() if value is not None}
    own = shop.settings.compress
    kept = {"minutes": own.minutes} if said.keys() - {"minutes"} else own.model_dump()
    try:
        return CompressSettings.model_validate(kept | said)
    except ValidationError as error:
        found = error.errors()[0]
        raise RequestError(
            f"--{found['loc'][0]} {found['input']}: {found['msg'].removeprefix('Value error, ')}"
        ) from None


def _compress(shop: Shop, asked: CompressSettings, reporter: Reporter) -> None:
    steps = [searching(asked) if asked.asked and step.name == "compress" else step for step in STEPS]
    build_shop(shop, reporter, again="compress", until="compress", steps=steps)


def _found(shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = jsonlib.loads((shop.reports / "compression.json").read_text(encoding="utf-8"))
    return found


def _print(found: dict[str, Any]) -> None:
    """Prints the points of the frontier, fastest first, and marks the one that was published."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "encoder", "quality", "ms", "MB", "B a vector"):
        table.add_column(heading, overflow="fold", justify="left" if heading in ("", "encoder") else "right")
    chosen = found["chosen"]["key"]
    for point in sorted(found["points"], key=lambda one: (one["ms"], -one["quality"])):
        if point["on_frontier"] or point["key"] == chosen:
            figures = (f"{point['quality']:.3f}", f"{point['ms']:.2f}", f"{point['bytes'] / 1e6:.1f}")
            mark = "→" if point["key"] == chosen else ""
            table.add_row(mark, point["name"], *figures, str(point["item_bytes"]))
    Console().print(table)
    if found["left_out"]:
        print(f"{len(found['left_out'])} compressions were left out; the report says why")
