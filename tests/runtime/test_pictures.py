"""Whatever a shop uploads becomes upright RGB or a readable error, never a stack trace."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tradewind.errors import DataError
from tradewind.runtime.pictures import PictureLimits, as_array, open_picture


def saved(image: Image.Image, kind: str, **how: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)  # type: ignore[arg-type]
    return buffer.getvalue()


def plain(mode: str, colour: object, size: tuple[int, int] = (8, 6)) -> Image.Image:
    return Image.new(mode, size, colour)  # type: ignore[arg-type]


def test_a_picture_comes_as_its_pixels() -> None:
    found = as_array(open_picture(saved(plain("RGB", (10, 200, 30)), "PNG")))
    assert found.shape == (6, 8, 3)
    assert (found == (10, 200, 30)).all()


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (saved(plain("RGBA", (255, 0, 0, 0)), "PNG"), (255, 255, 255)),
        (saved(plain("RGBA", (255, 0, 0, 255)), "PNG"), (255, 0, 0)),
        (saved(plain("LA", (0, 0)), "PNG"), (255, 255, 255)),
        (saved(plain("L", 100), "PNG"), (100, 100, 100)),
        (saved(plain("1", 1), "PNG"), (255, 255, 255)),
        (saved(plain("I;16", 65535), "PNG"), (255, 255, 255)),
        (saved(plain("I;16", 32896), "TIFF"), (128, 128, 128)),
        (saved(plain("P", 0), "GIF", transparency=0), (255, 255, 255)),
    ],
)
def test_every_kind_of_pixel_becomes_rgb(raw: bytes, wanted: tuple[int, int, int]) -> None:
    image = open_picture(raw)
    assert image.mode == "RGB"
    assert np.abs(as_array(image).astype(int) - wanted).max() <= 1


def test_cmyk_as_printers_send_it_is_read_in_its_colours() -> None:
    red = np.asarray(open_picture(saved(plain("CMYK", (0, 255, 255, 0)), "JPEG", quality=95))).astype(int)
    assert red[..., 0].min() > 200
    assert red[..., 1:].max() < 60


def test_a_floating_point_picture_is_scaled_and_its_holes_are_black() -> None:
    values = np.array([[0.0, 0.5], [1.0, np.nan]], np.float32)
    found = as_array(open_picture(saved(Image.fromarray(values), "TIFF")))
    assert found[..., 0].tolist() == [[0, 127], [255, 0]]


def test_an_animation_gives_its_first_frame() -> None:
    frames = [plain("RGB", colour) for colour in ((255, 0, 0), (0, 0, 255))]
    raw = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)
    assert as_array(open_picture(raw))[0, 0].tolist() == [255, 0, 0]


def test_a_picture_taken_sideways_stands_upright() -> None:
    image = plain("RGB", (0, 0, 0), (8, 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_picture(saved(image, "JPEG", exif=exif)).size == (4, 8)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b"not a picture", "its format is not known"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "its format is not known"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "its format is not known"),
        (saved(Image.effect_noise((64, 64), 80), "PNG")[:400], "not a picture that can be read"),
        (saved(Image.effect_noise((64, 64), 80), "JPEG")[:400], "not a picture that can be read"),
    ],
)
def test_what_is_no_whole_picture_is_refused_with_its_name(raw: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        open_picture(raw, name="boots.jpg")
    assert "boots.jpg" in str(caught.value)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it is large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("width", "height"), [(9_000, 9_000), (60_000, 60_000), (2_000_000_000, 2)])
def test_a_decompression_bomb_is_refused_before_it_goes_off(width: int, height: int) -> None:
    with pytest.raises(DataError, match=r"at most|far more"):
        open_picture(bomb(width, height))


def test_a_file_beyond_the_limit_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    path.write_bytes(bytes(2_000))
    with pytest.raises(DataError, match="2,000 bytes; at most 1,000"):
        open_picture(path, limits=PictureLimits(bytes=1_000))


def test_a_missing_file_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        open_picture(tmp_path / "none.png")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]), st.integers(0, 300))
def test_damaged_bytes_give_a_picture_or_a_readable_error(noise: bytes, kind: str, place: int) -> None:
    whole = bytearray(saved(Image.effect_noise((16, 16), 60).convert("RGB"), kind))
    place %= len(whole)
    whole[place : place + len(noise)] = noise
    try:
        assert open_picture(bytes(whole), limits=PictureLimits(pixels=1_000_000)).mode == "RGB"
    except DataError as error:
        assert error.what
