"""A contact sheet: pictures in a row with those that look most like them, framed by whether the kind is the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, ImageOps

from tradewind.tasks.recognise.pictures import LabelledPictures

_SIDE: Final = 132
_GAP: Final = 8
_CAPTION: Final = 20
_SAME, _OTHER, _ASKED = "#2e8b57", "#c8553d", "#1b2733"


def write_contact_sheet(
    path: Path, pictures: LabelledPictures, neighbours: npt.NDArray[np.int64], rows: Sequence[int]
) -> Path:
    """Writes a PNG with one line for each of `rows`: the picture, then its `neighbours` (n, k), and returns its path.

    A green frame says that a neighbour has the asked picture's label, a red one that it has another.
    """
    across, down = neighbours.shape[1] + 1, len(rows)
    size = (across * (_SIDE + _GAP) + _GAP, down * (_SIDE + _CAPTION + _GAP) + _GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for line, row in enumerate(rows):
        for place, shown in enumerate([row, *neighbours[row].tolist()]):
            corner = (_GAP + place * (_SIDE + _GAP), _GAP + line * (_SIDE + _CAPTION + _GAP))
            same = pictures.labels[shown] == pictures.labels[row]
            frame = _ASKED if place == 0 else _SAME if same else _OTHER
            _paste(sheet, draw, pictures, shown, corner, frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
    return path


def one_of_each(labels: Sequence[str], most: int = 12) -> list[int]:
    """Returns the first row of every label, at most `most` of them."""
    first: dict[str, int] = {}
    for row, label in enumerate(labels):
        first.setdefault(label, row)
    return [first[label] for label in sorted(first)][:most]


def _paste(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    pictures: LabelledPictures,
    row: int,
    corner: tuple[int, int],
    frame: str,
) -> None:
    left, top = corner
    sheet.paste(ImageOps.pad(pictures.images[row], (_SIDE, _SIDE), color="#eef2f5"), corner)
    draw.rectangle((left - 2, top - 2, left + _SIDE + 1, top + _SIDE + 1), outline=frame, width=3)
    draw.text((left, top + _SIDE + 3), pictures.labels[row], fill=frame, font=ImageFont.load_default(13))
