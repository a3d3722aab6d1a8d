"""`hub:ID` or `hub:ID@REVISION`: a model of the Hugging Face hub, through its own client and cache.

Only safetensors, configuration and tokenizer files are asked for; code in a repository is neither fetched nor run.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tradewind.errors import MissingExtraError, ModelError
from tradewind.models.checkpoint import NEEDED_FILES, WEIGHTS_FILE, read_weights, require_checkpoint
from tradewind.models.lock import LockedModel, check_file, load_lock, sha256_of
from tradewind.models.sources import Offer
from tradewind.models.sources.directory import PLAIN_PREFIXES
from tradewind.telemetry import logger

WANTED_FILES: Final = ["config.json", WEIGHTS_FILE, "tokenizer.json", "tokenizer_config.json"]
REACH_SECONDS: Final = 5.0


class HubSource:
    """Weights from the hub, checked against the lock file when it knows them."""

    def offer(self, name: str) -> Offer:
        """Returns the hub's model `name`. Raises ModelError naming the packaged choices when it cannot be had."""
        identity, _, asked = name.partition("@")
        model = load_lock().of_hub(identity)
        locked = model.source("hub") if model else None
        revision = asked or (locked.revision if locked else None)
        folder = _fetched(identity, revision)
        require_checkpoint(folder)
        if locked and revision == locked.revision:
            check_file(folder / WEIGHTS_FILE, locked)
        return _offer(identity, folder, model)


def _offer(identity: str, folder: Path, model: LockedModel | None) -> Offer:
    """The client keeps each revision in a folder that is named by its commit."""
    commit = folder.name
    return Offer(
        key=f"hub-{identity.replace('/', '--')}-{sha256_of(folder / WEIGHTS_FILE)[:12]}",
        label=f"hub:{identity}@{commit[:12]}",
        licence=model.source("hub").licence if model else None,
        prefixes=model.prefixes if model else PLAIN_PREFIXES,
        read=partial(read_weights, folder),
    )


def _fetched(identity: str, revision: str | None) -> Path:
    """What the client has in its own cache needs no hub; a hub that does not answer is not asked again and again."""
    try:
        from huggingface_hub import constants, snapshot_download
    except ImportError:
        raise MissingExtraError("the client of the model hub", "learn") from None
    fetch = partial(snapshot_download, identity, revision=revision, allow_patterns=WANTED_FILES)
    try:
        kept = Path(fetch(local_files_only=True))
        if all((kept / name).is_file() for name in NEEDED_FILES):
            return kept
    except Exception as error:
        logger.debug("%s is not in the hub client's cache: %s", identity, type(error).__name__)
    try:
        _reach(constants.ENDPOINT)
        return Path(fetch())
    except Exception as error:
        raise ModelError(
            f"the model {identity!r} could not be had from the hub ({type(error).__name__})",
            hint=f"weights that need no hub: {load_lock().packaged()}",
        ) from None


def _reach(endpoint: str) -> None:
    """Raises when nothing answers at `endpoint`; an answer that is an error is the client's to read."""
    with suppress(HTTPError):
        urlopen(Request(endpoint, method="HEAD"), timeout=REACH_SECONDS).close()  # noqa: S310
