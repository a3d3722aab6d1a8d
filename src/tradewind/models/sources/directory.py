"""`dir:PATH`: a Hugging Face model folder on this machine."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

from tradewind.errors import ModelError
from tradewind.models.checkpoint import NEEDED_FILES, read_weights, require_checkpoint
from tradewind.models.lock import sha256_of
from tradewind.models.origin import read_origin
from tradewind.models.sources import Offer

PLAIN_PREFIXES = {"query": "", "passage": "", "together": "bought with: "}


class DirectorySource:
    """A folder that somebody made; its hash is taken, as no lock file knows it.

    One that Tradewind made says itself what licence its weights are under and how texts are read.
    """

    def offer(self, name: str) -> Offer:
        """Returns the checkpoint in the folder `name`. Raises ModelError when it is not one."""
        folder = Path(name).expanduser()
        if not folder.is_dir():
            raise ModelError("there is no such folder", where=str(folder))
        require_checkpoint(folder)
        digest = hashlib.sha256("".join(sha256_of(folder / part) for part in NEEDED_FILES).encode()).hexdigest()
        label = f"dir:{folder.name} (sha256 {digest[:12]})"
        origin = read_origin(folder)
        if origin is None:
            return Offer(f"dir-{digest[:24]}", label, None, PLAIN_PREFIXES, partial(read_weights, folder))
        label = f"{label}, from {origin.source}"
        return Offer(f"dir-{digest[:24]}", label, origin.licence, origin.prefixes, partial(read_weights, folder))
