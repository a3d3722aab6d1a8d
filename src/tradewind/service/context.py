"""What is known about one request from its first byte: its id, when it came, and until when an answer is of use."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final

_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


@dataclass(slots=True)
class RequestContext:
    """One request. `started` is a reading of `time.perf_counter()`."""

    request_id: str = field(default_factory=lambda: secrets.token_hex(16))
    started: float = field(default_factory=time.perf_counter)
    key_id: str = ""
    """The API key that asks, once it is known and has the right."""

    def milliseconds(self) -> float:
        """Returns how long ago the request came."""
        return (time.perf_counter() - self.started) * 1000.0


def context_of(scope: MutableMapping[str, Any]) -> RequestContext:
    """Returns the context of the request that `scope` describes; makes it when it is asked for first."""
    state = scope.setdefault("state", {})
    found = state.get("context")
    if not isinstance(found, RequestContext):
        found = state["context"] = RequestContext()
    return found


def accepted_id(given: bytes | None) -> str | None:
    """Returns a caller's own request id when it is 8 to 64 letters, digits, dots, dashes; else None."""
    text = given.decode("latin-1") if given else ""
    return text if _GIVEN_ID.match(text) else None
