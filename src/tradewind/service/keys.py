"""API keys: `tw_<id>_<secret>`. The file holds the id, the scopes and a hash of the secret; the secret is shown once.

The secret is 128 random bits, so a plain SHA-256 at rest cannot be turned back; slow password hashes are for secrets
that a person chose.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

from tradewind.errors import ConfigError, NotFoundError

Scope = Literal["search", "events", "jobs", "admin"]
SCOPES: Final[tuple[str, ...]] = get_args(Scope)
FILE_NAME: Final = "api_keys.json"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key as it is remembered: everything but the secret. No scope includes another."""

    id: str
    name: str
    scopes: frozenset[str]
    created: datetime
    digest: str
    rate: float | None = None
    """Requests a second this key may make; None leaves it to the shop's setting."""


class KeyRing:
    """The keys of one shop. Readers see a change at their next question, in every process."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigError when the file can be read by others than its owner, or is not a key file."""
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[str, ApiKey] = {}
        self._refuse_open_file()
        self.list()

    def create(self, name: str, scopes: Sequence[str], rate: float | None = None) -> tuple[ApiKey, str]:
        """Returns a new key and its text, which is not kept anywhere. Raises ConfigError for an unknown scope."""
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise ConfigError(
                f"no such scope: {', '.join(unknown) or 'none given'}", hint=f"known: {', '.join(SCOPES)}"
            )
        key_id, secret = secrets.token_hex(8), secrets.token_hex(16)
        key = ApiKey(key_id, name, frozenset(scopes), datetime.now(UTC), _digest(secret), rate)
        with self._changing() as keys:
            keys[key_id] = key
        return key, f"tw_{key_id}_{secret}"

    def list(self) -> list[ApiKey]:
        """Returns every key, oldest first."""
        self._reload()
        return sorted(self._keys.values(), key=lambda key: (key.created, key.id))

    def revoke(self, key_id: str) -> None:
        """Takes a key away. Raises NotFoundError when there is none of that id."""
        with self._changing() as keys:
            if keys.pop(key_id, None) is None:
                raise NotFoundError(f"there is no key {key_id!r}", hint="`tradewind keys` lists them")

    def find(self, text: str) -> ApiKey | None:
        """Returns the key that `text` is, or None. An unknown id takes as long as a wrong secret."""
        self._reload()
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        key = self._keys.get(key_id)
        expected = key.digest if key else _NOBODY
        right = hmac.compare_digest(_digest(secret), expected)
        return key if right and prefix == "tw" else None

    def _reload(self) -> None:
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._keys = _read(self._path) if stamp else {}
            self._stamp = stamp

    @contextmanager
    def _changing(self) -> Iterator[dict[str, ApiKey]]:
        """Hands out the keys for a change, one writer at a time, and puts them down whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with (self._path.parent / f"{FILE_NAME}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._reload()
            keys = dict(self._keys)
            yield keys
            _write(self._path, keys.values())
            self._reload()

    def _refuse_open_file(self) -> None:
        if self._path.exists() and stat.S_IMODE(self._path.stat().st_mode) & 0o077:
            raise ConfigError("others can read the key file", where=str(self._path), hint=f"chmod 600 {self._path}")


def open_keys(folder: Path) -> KeyRing:
    """Returns the key ring in a shop's key folder."""
    return KeyRing(folder / FILE_NAME)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


_NOBODY: Final = _digest(secrets.token_hex(16))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read(path: Path) -> dict[str, ApiKey]:
    try:
        rows = json.loads(path.read_text("utf-8"))["keys"]
        return {row["id"]: _from_row(row) for row in rows}
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            "not a key file", where=str(path), hint="restore it, or delete it and make new keys"
        ) from None


def _from_row(row: dict[str, Any]) -> ApiKey:
    created = datetime.fromisoformat(row["created"])
    return ApiKey(row["id"], row["name"], frozenset(row["scopes"]), created, row["digest"], row["rate"])


def _to_row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created": key.created.isoformat(),
        "digest": key.digest,
        "rate": key.rate,
    }


def _write(path: Path, keys: Any) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": [_to_row(key) for key in keys]}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
