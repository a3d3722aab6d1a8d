"""`hub:ID` or `hub:ID@REVISION`: a model of the Hugging Face hub, through its own client and cache.

Only safetensors, configuration and tokenizer files are asked for; code in a repository is neither fetched nor run.
"""

from __future__ import annotations

import errno
import re
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tradewind.errors import MissingExtraError, ModelError
from tradewind.models.checkpoint import NEEDED_FILES, PICKLED_WEIGHTS, WEIGHTS_FILE, read_weights, require_checkpoint
from tradewind.models.lock import LockedModel, check_file, load_lock, sha256_of
from tradewind.models.sources import Offer
from tradewind.models.sources.directory import PLAIN_PREFIXES
from tradewind.telemetry import logger

WANTED_FILES: Final = ["config.json", WEIGHTS_FILE, "tokenizer.json", "tokenizer_config.json"]
PICKLED_ENDINGS: Final = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")
REACH_SECONDS: Final = 5.0
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_OF_THE_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES})
_REASONS: Final = {
    "RepositoryNotFoundError": "it has no model of that name, or none that may be seen without a token (HF_TOKEN)",
    "RevisionNotFoundError": "the model has no such revision",
    "GatedRepoError": "its owner lets nobody in without a token (HF_TOKEN)",
    "HFValidationError": "that is no name of a model",
    "OfflineModeIsEnabled": "HF_HUB_OFFLINE is set",
    "FileMetadataError": "what answers there is no model hub; see HF_ENDPOINT",
}
_NO_ANSWER: Final = frozenset({"ConnectError", "ConnectTimeout", "ReadTimeout", "RemoteProtocolError", "ReadError"})


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
        digest = _checked(folder / WEIGHTS_FILE)
        if locked and revision == locked.revision:
            check_file(folder / WEIGHTS_FILE, locked)
        return _offer(identity, folder, digest, model)


def _checked(weights: Path) -> str:
    """Returns the sha256 of the weights. Raises ModelError when the hub said another.

    The client names a large file in its cache by the sha256 that the hub gave, and compares only the size.
    """
    digest, told = sha256_of(weights), weights.resolve().name
    if _SHA256.fullmatch(told) and digest != told:
        raise ModelError(
            "the weights are not the ones that the hub named by their sha256",
            where=str(weights),
            hint=f"take {weights.resolve()} away and run it again",
        )
    return digest


def _offer(identity: str, folder: Path, digest: str, model: LockedModel | None) -> Offer:
    """The client keeps each revision in a folder that is named by its commit."""
    commit = folder.name
    return Offer(
        key=f"hub-{identity.replace('/', '--')}-{digest[:12]}",
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
        if not constants.is_offline_mode():
            _reach(constants.ENDPOINT)
        folder = Path(fetch())
        _refuse_pickles(identity, folder)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"the model {identity!r} could not be had from the hub: {_reason(error, constants.ENDPOINT)}",
            hint=f"weights that need no hub: {load_lock().packaged()}",
        ) from None
    return folder


def _reach(endpoint: str) -> None:
    """Raises when nothing answers at `endpoint`; an answer that is an error is the client's to read."""
    with suppress(HTTPError):
        urlopen(Request(endpoint, method="HEAD"), timeout=REACH_SECONDS).close()  # noqa: S310


def _refuse_pickles(identity: str, folder: Path) -> None:
    """Raises ModelError, naming the files, for a repository without safetensors; they were not fetched."""
    from huggingface_hub import HfApi

    if (folder / WEIGHTS_FILE).is_file():
        return
    there = HfApi().list_repo_files(identity, revision=folder.name)
    pickled = sorted(name for name in there if name in PICKLED_WEIGHTS or name.endswith(PICKLED_ENDINGS))
    if not pickled:
        raise ModelError(f"the hub's model {identity!r} has no {WEIGHTS_FILE}", hint=_instead())
    raise ModelError(
        f"the hub's model {identity!r} has no {WEIGHTS_FILE}, only {', '.join(pickled[:3])}: "
        "a form that can run code when it is read, and was not fetched",
        hint=_instead(),
    )


def _reason(error: Exception, endpoint: str) -> str:
    """Returns in one line why the client gave up; its own messages are several lines, with addresses in them.

    The client wraps what went wrong in an error that says only that its cache does not hold the file either.
    """
    if type(error).__name__ == "LocalEntryNotFoundError" and isinstance(error.__cause__, Exception):
        return _reason(error.__cause__, endpoint)
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return f"its cache cannot be written ({error.strerror})"
    status = getattr(getattr(error, "response", None), "status_code", None)
    if type(error).__name__ in _REASONS:
        return _REASONS[type(error).__name__]
    if status is not None:
        return f"it answered {status}" + (": a token that may read it is needed" if status in {401, 403} else "")
    if isinstance(error, URLError | TimeoutError) or type(error).__name__ in _NO_ANSWER:
        return f"{endpoint} does not answer"
    return type(error).__name__


def _instead() -> str:
    return f"weights that will do: {load_lock().packaged()}"
