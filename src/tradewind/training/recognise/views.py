"""Views of a picture: cut, mirrored and recoloured at random, so that few pictures are learned as many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tradewind.runtime.vision import PictureInput, to_pixels

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far a view may go: the least share of the area that is kept, whether it may be mirrored, and by which share
    brightness, contrast and saturation may change."""

    least_area: float = 0.4
    mirror: bool = True
    colour: float = 0.25


def view(
    picture: Image, shape: PictureInput, augmentation: Augmentation, random: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Returns the pixels (3, size, size) of one random view of an RGB picture."""
    from PIL import Image as Pillow

    box = _random_box(picture.size, augmentation.least_area, random)
    cut = picture.resize((shape.size, shape.size), Pillow.Resampling.BICUBIC, box=box)
    if augmentation.mirror and random.random() < 0.5:
        cut = cut.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)
    recoloured = _recoloured(np.asarray(cut, np.float32), augmentation.colour, random)
    return to_pixels(Pillow.fromarray(recoloured), shape)


def mirrored(picture: Image) -> Image:
    """Returns the picture as in a mirror."""
    from PIL import Image as Pillow

    return picture.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)


def _random_box(
    size: tuple[int, int], least_area: float, random: np.random.Generator
) -> tuple[float, float, float, float]:
    """Returns left, top, right, bottom of a box within the picture; its sides' ratio is off by a quarter at most."""
    width, height = size
    share, skew = random.uniform(least_area, 1.0), random.uniform(0.8, 1.25)
    across = min(width, width * float(np.sqrt(share * skew)))
    down = min(height, height * float(np.sqrt(share / skew)))
    left, top = random.uniform(0, width - across), random.uniform(0, height - down)
    return left, top, left + across, top + down


def _recoloured(pixels: npt.NDArray[np.float32], strength: float, random: np.random.Generator) -> npt.NDArray[np.uint8]:
    brightness, contrast, saturation = random.uniform(1 - strength, 1 + strength, 3)
    pixels = pixels * brightness
    pixels = (pixels - pixels.mean()) * contrast + pixels.mean()
    grey = pixels.mean(axis=2, keepdims=True)
    changed: npt.NDArray[np.uint8] = np.clip(grey + (pixels - grey) * saturation, 0, 255).astype(np.uint8)
    return changed
