"""The blocks of shop.yaml about answering: the index and the HTTP service."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tradewind.settings.base import Settings


class IndexSettings(Settings):
    """How the catalogue is indexed."""

    facets: list[str] = ["category", "brand", "price"]
    """Fields that can be filtered on and counted; attributes by their name."""
    dictionary: str | None = None
    """The shop's own words for Chinese segmentation, one a line: a file beside shop.yaml."""
    glossary: str | None = None
    """The shop's own words in both languages, a file beside shop.yaml: Chinese words, a tab, English phrases parted by
    `;`. They go before the packaged glossary's."""
    suggest_min_people: int = Field(20, ge=1)
    """A logged query is offered as a completion once this many different people typed it."""
    popularity_half_life_days: float = Field(28.0, gt=0)
    trending_days: float = Field(7.0, gt=0)
    """The span that trending compares with the four before it."""
    together_per_item: int = Field(50, ge=1, le=1000)
    """How many of the things bought with an item are kept."""


class UserTokenSettings(Settings):
    """How the shop's backend signs the short-lived tokens that name a user."""

    algorithm: Literal["EdDSA", "HS256"] = "EdDSA"
    """Fixed here; what a token says about its own algorithm is never believed."""
    keys: dict[str, str] = {}
    """Key id (`kid`) to a file: an Ed25519 public key (PEM), or for HS256 a secret of 32 bytes or more."""
    audience: str = "tradewind"
    issuer: str | None = None
    """When set, a token must carry it as `iss`."""


class JobSettings(Settings):
    """Many texts for an estimator as a job: submitted, polled, fetched."""

    keep_hours: float = Field(24.0, gt=0, le=8760)
    """How long an ended job and its results are kept; its texts go as soon as it ends."""
    at_once: int = Field(8, ge=1, le=1000)
    """Jobs that wait or run in the whole shop; one more is turned away with 503 and Retry-After."""
    most_texts: int = Field(100_000, ge=1, le=10_000_000)
    """Lines that one job may have."""
    body_limit: int = Field(100_000_000, ge=1_000)
    """Bytes of a body of JSON Lines at most."""


class ServeSettings(Settings):
    """The HTTP service."""

    host: str = "127.0.0.1"
    port: int = Field(8420, ge=0, le=65535)
    workers: int = Field(1, ge=1)
    deadline_ms: int = Field(500, ge=1)
    demo: bool = False
    """Prints a key and lets the storefront choose a household; on loopback only."""
    threads: int = Field(1, ge=1, le=64)
    """Threads that answer, per worker. More cores are used by more workers; threads of one worker hinder each other."""
    max_in_flight: int = Field(32, ge=1)
    """API requests a worker holds at once; one more is turned away with 503 and Retry-After."""
    rate_per_second: float = Field(0, ge=0)
    """Requests a second that one key may make, shared out over the workers; 0 means no limit."""
    body_limit: int = Field(1_000_000, ge=1_000)
    """Bytes of a request body at most."""
    drain_seconds: float = Field(1.0, ge=0, le=300)
    """How long a stopping service says "not ready" and still answers, so that a balancer can turn away."""
    cors_origins: list[str] = []
    """Origins whose pages may call the API from a browser; none by default."""
    user_tokens: UserTokenSettings = UserTokenSettings()
    jobs: JobSettings = JobSettings()
