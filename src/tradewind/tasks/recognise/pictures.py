"""Labelled pictures: from a folder per label, or from items that name a picture file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tradewind.data.records import Item
from tradewind.errors import DataError
from tradewind.runtime.pictures import LIMITS, PictureLimits, open_picture
from tradewind.telemetry import Progress, SilentProgress

if TYPE_CHECKING:
    from PIL.Image import Image

ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"})
KEPT_SIDE: Final = 512
"""Pictures are kept with a short side of this many pixels at most: more than any model here reads."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A picture that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class LabelledPictures:
    """Pictures with one label each. `names` say which they are; `unreadable` are those that were left out."""

    names: tuple[str, ...]
    labels: tuple[str, ...]
    images: tuple[Image, ...]
    unreadable: tuple[Unreadable, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(sorted(set(self.labels)))

    @property
    def digest(self) -> str:
        """A hash of names, labels and pixels: it moves when the examples do."""
        whole = hashlib.sha256("\n".join([*self.names, *self.labels]).encode())
        for image in self.images:
            whole.update(image.tobytes())
        return whole.hexdigest()

    def take(self, rows: npt.NDArray[np.int64]) -> LabelledPictures:
        """Returns the pictures in `rows`."""
        names, labels, images = (
            tuple(column[row] for row in rows) for column in (self.names, self.labels, self.images)
        )
        return LabelledPictures(names, labels, images)


def from_folders(root: Path, *, limits: PictureLimits = LIMITS, progress: Progress | None = None) -> LabelledPictures:
    """Returns the pictures under `root`, each labelled with the name of the folder it lies in, in a fixed order.

    Files of other endings are passed over. Raises DataError when no picture is there.
    """
    if not root.is_dir():
        raise DataError("there is no such folder of pictures", where=str(root))
    paths = sorted(path for path in root.glob("*/*") if path.suffix.lower() in ENDINGS)
    return _opened([(path, path.parent.name) for path in paths], root, limits, progress or SilentProgress())


def from_items(
    items: Sequence[Item], root: Path, *, limits: PictureLimits = LIMITS, progress: Progress | None = None
) -> LabelledPictures:
    """Returns the pictures of items, labelled with the leaf of their category; `image` is a path within `root`.

    Items without a category or with an address in place of a file are passed over: nothing is fetched.
    Raises DataError when no picture is there.
    """
    found = [
        (root / item.image, item.category[-1])
        for item in items
        if item.image and item.category and "://" not in item.image and _within(root / item.image, root)
    ]
    return _opened(found, root, limits, progress or SilentProgress())


def from_files(
    root: Path, names: Sequence[str], labels: Sequence[str], side: int, *, progress: Progress | None = None
) -> LabelledPictures:
    """Returns the files `names` within `root`, as many as `labels`, kept with a short side of `side` pixels at most.

    Raises PictureError for one that cannot be read.
    """
    progress = progress or SilentProgress()
    progress.start("reading pictures", len(names))
    images = []
    for name in names:
        images.append(_kept_size(open_picture(root / name, name=name), side))
        progress.advance()
    return LabelledPictures(tuple(names), tuple(labels), tuple(images))


def held_out(labels: Sequence[str], share: float, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns rows to learn from and rows to validate on: of every label `share` of its rows, drawn by `seed`.

    A label keeps at least one row to learn from.
    """
    random = np.random.default_rng(seed)
    column = np.asarray(labels)
    held: list[int] = []
    for label in sorted(set(labels)):
        rows = random.permutation(np.flatnonzero(column == label))
        held += rows[: min(round(len(rows) * share), len(rows) - 1)].tolist()
    kept = np.setdiff1d(np.arange(len(labels)), held)
    return kept.astype(np.int64), np.array(sorted(held), dtype=np.int64)


def _opened(
    found: Sequence[tuple[Path, str]], root: Path, limits: PictureLimits, progress: Progress
) -> LabelledPictures:
    names, labels, images, unreadable = [], [], [], []
    progress.start("reading pictures", len(found))
    for path, label in found:
        name = str(path.relative_to(root))
        try:
            images.append(_kept_size(open_picture(path, name=name, limits=limits)))
        except DataError as error:
            unreadable.append(Unreadable(name, error.what))
        else:
            names.append(name)
            labels.append(label)
        progress.advance()
    if not images:
        first = f", for example {unreadable[0].path}: {unreadable[0].reason}" if unreadable else ""
        raise DataError(f"no picture can be read here{first}", where=str(root))
    return LabelledPictures(tuple(names), tuple(labels), tuple(images), tuple(unreadable))


def _kept_size(image: Image, most: int = KEPT_SIDE) -> Image:
    from PIL import Image as Pillow

    scale = most / min(image.size)
    if scale >= 1:
        return image
    size = tuple(max(1, round(side * scale)) for side in image.size)
    return image.resize((size[0], size[1]), Pillow.Resampling.BICUBIC, reducing_gap=2.0)


def _within(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())
