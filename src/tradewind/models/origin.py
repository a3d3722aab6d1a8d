"""What a model folder that Tradewind made says of where it comes from, beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tradewind.errors import ModelError

ORIGIN_FILE: Final = "origin.json"


@dataclass(frozen=True, slots=True)
class Origin:
    """The weights that a folder was made from, their licence, how the encoder is read, and what was done to it.

    `sha256` is that of the weights it was made from, `prefixes` what goes before a text in each role.
    """

    source: str
    sha256: str
    licence: str
    prefixes: Mapping[str, str]
    made: Mapping[str, object] = field(default_factory=dict)
    notice: str = ""


def write_origin(origin: Origin, folder: Path) -> None:
    """Writes it into `folder`."""
    (folder / ORIGIN_FILE).write_text(json.dumps(asdict(origin), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_origin(folder: Path) -> Origin | None:
    """Returns what `folder` says, None when it says nothing. Raises ModelError when it cannot be read."""
    path = folder / ORIGIN_FILE
    if not path.is_file():
        return None
    try:
        return Origin(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ModelError(f"not a note of a model's origin: {error}", where=str(path)) from None
