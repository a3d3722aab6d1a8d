"""Finds the files that shop.yaml names, and writes files so that they are whole or not there."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tradewind.errors import ConfigError, DataError, StoreError


def locate(path: str | None, root: Path) -> list[Path]:
    """Returns the files of `path`: a file, a folder, a pattern with `*`, or `package:NAME/FILE`.

    A relative path starts at `root`; a package is found without importing it. Raises ConfigError without a path and
    DataError when there is no such file.
    """
    if not path:
        raise ConfigError("this source needs a path")
    place = _in_package(path) if path.startswith("package:") else root / Path(path).expanduser()
    found = sorted(place.iterdir()) if place.is_dir() else sorted(place.parent.glob(place.name))
    files = [file for file in found if file.is_file() and not file.name.startswith(".")]
    if not files:
        raise DataError("there is no such file", where=str(place))
    closed = [file for file in files if not os.access(file, os.R_OK)]
    if closed:
        raise DataError("this file may not be read", where=str(closed[0]))
    return files


def _in_package(path: str) -> Path:
    name, _, inside = path.removeprefix("package:").partition("/")
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"the package {name!r} is not installed", where=path, hint=f"pip install {name}")
    return Path(spec.submodule_search_locations[0]) / inside


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Yields a file that takes the place of `path`, on disk and at once, when the block ends. Raises StoreError."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"the file cannot be written: {error.strerror or error}", where=str(path)) from error
    finally:
        half.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
