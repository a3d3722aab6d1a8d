"""Demo mode: the storefront may act for a household of the data. It exists on loopback only.

The demo signs its user tokens with a secret of its own, under the key id `demo`; outside demo mode no such key exists.
A household is shown under an opaque name, so that no pseudonym leaves the machine's inside.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import jwt

from tradewind.data.store import Store
from tradewind.errors import NotFoundError
from tradewind.service.keys import KeyRing, open_keys
from tradewind.service.loopback import require_loopback
from tradewind.service.tokens import TokenVerifier
from tradewind.settings import Shop

DEMO_KEY_ID: Final = "demo"
FILE_NAME: Final = "demo.json"
TOKEN_SECONDS: Final = 900
HOUSEHOLDS: Final = 50
_AUDIENCE: Final = "tradewind-demo"


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """The keys of a demo: one for the browser (search, events), one for whoever runs it (all scopes)."""

    browser_key: str
    admin_key: str
    token_secret: str


@dataclass(frozen=True, slots=True)
class Household:
    """A household of the data, under a name that says nothing."""

    id: str
    label: str


class Demo:
    """The household chooser."""

    def __init__(self, access: DemoAccess, store: Store) -> None:
        self.access = access
        self._store = store
        self._secret = bytes.fromhex(access.token_secret)
        self.verifier = TokenVerifier("HS256", _AUDIENCE, None, {DEMO_KEY_ID: self._secret})

    def households(self) -> list[Household]:
        """Returns the households that can be chosen, those that bought most first."""
        return [Household(name, f"Household {place}") for place, name in enumerate(self._pseudonyms, 1)]

    def pseudonym(self, household: str) -> str | None:
        """Returns the pseudonym behind an opaque name, or None."""
        return self._pseudonyms.get(household)

    def token(self, household: str) -> str:
        """Returns a user token for a household. Raises NotFoundError for a name that is none."""
        if household not in self._pseudonyms:
            raise NotFoundError("the demo has no such household")
        now = int(time.time())
        claims = {"sub": household, "aud": _AUDIENCE, "iat": now, "exp": now + TOKEN_SECONDS}
        return jwt.encode(claims, self._secret, "HS256", headers={"kid": DEMO_KEY_ID})

    @cached_property
    def _pseudonyms(self) -> dict[str, str]:
        return {self._opaque(found): found for found in self._store.sample_users(HOUSEHOLDS)}

    def _opaque(self, pseudonym: str) -> str:
        return hmac.new(self._secret, pseudonym.encode(), hashlib.sha256).hexdigest()[:16]


def prepare(shop: Shop) -> DemoAccess:
    """Returns the demo's keys, the same at every start. Raises ConfigError when the service would leave loopback."""
    require_loopback(shop.settings.serve.host)
    ring, path = open_keys(shop.keys), shop.keys / FILE_NAME
    found = _read(path)
    if found and ring.find(found.browser_key) and ring.find(found.admin_key):
        return found
    return _write(path, _fresh(ring))


def _fresh(ring: KeyRing) -> DemoAccess:
    for key in ring.list():
        if key.name.startswith("demo "):
            ring.revoke(key.id)
    _, browser = ring.create("demo storefront", ["search", "events"])
    _, admin = ring.create("demo admin", ["search", "events", "jobs", "admin"])
    return DemoAccess(browser, admin, secrets.token_hex(32))


def _read(path: Path) -> DemoAccess | None:
    try:
        return DemoAccess(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, access: DemoAccess) -> DemoAccess:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    words = {name: getattr(access, name) for name in DemoAccess.__slots__}
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(words, file)
    fresh.replace(path)
    return access
