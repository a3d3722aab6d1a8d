"""Opens the pictures of products: whatever a shop uploads becomes upright RGB, or is refused with a reason.

Only still-picture formats that Pillow reads by itself are tried. An animation gives its first frame, transparency lies
on white; CMYK, grey, palettes and 16 bits a channel become 8-bit RGB. Needs Pillow, which the extra `vision` brings.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("JPEG", "MPO", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""EPS and the like are left out: reading them starts other programs."""
_WHITE: Final = (255, 255, 255, 255)

Picture = npt.NDArray[np.uint8]
"""RGB, (height, width, 3)."""


class PictureError(DataError):
    """A picture that cannot be read; `reason` is a stable word for why."""

    def __init__(self, reason: str, what: str, *, where: str, hint: str | None = None) -> None:
        self.reason = reason
        super().__init__(what, where=where, hint=hint)


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What is read at most. `pixels` is looked up in the header, before anything is decompressed."""

    bytes: int = 30_000_000
    pixels: int = 50_000_000


LIMITS: Final = PictureLimits()
SENT_LIMITS: Final = PictureLimits(bytes=10_000_000, pixels=25_000_000)
"""Of a picture that came over the network: a few bytes may stand for pixels that fill a server's memory."""


@dataclass(frozen=True, slots=True)
class GivenPicture:
    """A picture that somebody asks about: a file, or its bytes as they were sent, and what it is called in an error."""

    name: str
    source: Path | bytes
    limits: PictureLimits = LIMITS

    def open(self) -> Image:
        """Returns the picture as `open_picture` does, and raises what it raises."""
        return open_picture(self.source, name=self.name, limits=self.limits)


def sent_picture(written: str, name: str) -> GivenPicture:
    """Returns the picture that came as the base64 of its file. Raises ValueError when it is no base64."""
    try:
        return GivenPicture(name, base64.b64decode(written, validate=True), SENT_LIMITS)
    except ValueError:
        raise ValueError("not base64") from None


def open_picture(source: Path | bytes, *, name: str | None = None, limits: PictureLimits = LIMITS) -> Image:
    """Returns the picture as a Pillow image: RGB, upright, its first frame.

    Raises PictureError naming `name` (or the file) for what is no picture, is cut short or is too large, and
    MissingExtraError when Pillow is not installed.
    """
    where = name or (str(source) if isinstance(source, Path) else "picture")
    raw = _read(source, where, limits)
    pillow = _pillow()
    try:
        with pillow.open(io.BytesIO(raw), formats=_readable(pillow)) as opened:
            _require_size(opened.size, where, limits)
            return _upright_rgb(opened)
    except DataError:
        raise
    except MemoryError:
        raise PictureError("too_large", "the picture does not fit into memory", where=where) from None
    except Exception as error:
        # A decoder meets hostile bytes and raises what it likes: OSError, SyntaxError, struct.error, its own kinds.
        reason, said = _reason(error)
        raise PictureError(reason, f"not a picture that can be read ({said})", where=where, hint=_hint()) from None


def as_array(image: Image) -> Picture:
    """Returns the pixels of an RGB image."""
    return np.asarray(image, dtype=np.uint8)


def _read(source: Path | bytes, where: str, limits: PictureLimits) -> bytes:
    if isinstance(source, bytes):
        size, raw = len(source), source
    else:
        try:
            size = source.stat().st_size
            raw = source.read_bytes() if size <= limits.bytes else b""
        except OSError as error:
            raise PictureError(
                "unreadable_file", f"the picture cannot be read: {error.strerror}", where=where
            ) from None
    if size > limits.bytes:
        said = f"the picture has {size:,} bytes; at most {limits.bytes:,} are read"
        raise PictureError("too_large", said, where=where)
    if not size:
        raise PictureError("empty_file", "the picture is empty", where=where)
    return raw


def _require_size(size: tuple[int, int], where: str, limits: PictureLimits) -> None:
    width, height = size
    if width * height > limits.pixels:
        raise PictureError(
            "too_large",
            f"the picture has {width} × {height} pixels; at most {limits.pixels:,} are decompressed",
            where=where,
            hint="upload it smaller",
        )


def _upright_rgb(opened: Any) -> Image:
    from PIL import Image, ImageOps

    opened.seek(0)
    image = ImageOps.exif_transpose(opened)
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    if "transparency" in image.info or image.mode in {"RGBA", "LA", "PA", "RGBa", "La"}:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), image)
    rgb: Image.Image = image.convert("RGB")
    return rgb


def _eight_bits(image: Any) -> Image:
    """Pillow cuts 16 bits off at 255 instead of scaling them."""
    from PIL import Image

    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    most = 65535.0 if image.mode.startswith("I") and values.max() <= 65535 else max(float(values.max()), 1.0)
    return Image.fromarray(np.clip(values / most * 255.0, 0, 255).astype(np.uint8))


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise MissingExtraError("Pillow, which reads pictures,", "vision") from None
    return Image


def _readable(pillow: Any) -> tuple[str, ...]:
    """A build of Pillow may lack a decoder, and names only those it has loaded."""
    pillow.init()
    return tuple(name for name in FORMATS if name in pillow.OPEN)


def _reason(error: Exception) -> tuple[str, str]:
    kind, said = type(error).__name__, " ".join(str(error).split())[:120]
    if kind == "UnidentifiedImageError":
        return "not_a_picture", "its format is not known"
    if kind == "DecompressionBombError":
        return "too_large", "it would be decompressed to far more than a picture"
    return ("cut_short" if "truncated" in said.lower() else "not_a_picture"), said or kind


def _hint() -> str:
    return f"formats: {', '.join(FORMATS)}"
