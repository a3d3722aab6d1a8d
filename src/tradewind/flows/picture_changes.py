"""The changes of a picture that a published model should survive, by name, for `evaluation.robustness`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tradewind.runtime.picture_model import Shown

if TYPE_CHECKING:
    from PIL.Image import Image

Redraw = Callable[["Image"], "Image"]
_SMALL: Final = 64
_TILT: Final = 8.0
_DARKER: Final = 0.6


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A picture that is changed when it is opened."""

    picture: Shown
    redraw: Redraw

    def open(self) -> Image:
        """Returns the changed picture. Raises PictureError as the picture itself does."""
        return self.redraw(self.picture.open())


def mirrored(picture: Image) -> Image:
    """Returns the picture as in a mirror."""
    from PIL import ImageOps

    return ImageOps.mirror(picture)


def darker(picture: Image) -> Image:
    """Returns the picture at six tenths of its brightness."""
    from PIL import ImageEnhance

    return ImageEnhance.Brightness(picture).enhance(_DARKER)


def tilted(picture: Image) -> Image:
    """Returns the picture turned by eight degrees, white where nothing of it is left."""
    return picture.rotate(_TILT, fillcolor="white")


def small(picture: Image) -> Image:
    """Returns the picture with a short side of 64 pixels, itself where it is no larger."""
    scale = _SMALL / min(picture.size)
    if scale >= 1:
        return picture
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))


def _change(redraw: Redraw) -> Callable[[Shown, Random], Shown]:
    def changed(picture: Shown, random: Random) -> Shown:
        return Redrawn(picture, redraw)

    return changed


PICTURE_CHANGES: Final[Mapping[str, Callable[[Shown, Random], Shown]]] = MappingProxyType(
    {"mirror": _change(mirrored), "less light": _change(darker), "tilt": _change(tilted), "64 pixels": _change(small)}
)
