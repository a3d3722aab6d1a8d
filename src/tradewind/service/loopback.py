"""What is this machine alone, and what others can reach."""

from __future__ import annotations

import ipaddress

from tradewind.errors import ConfigError


def require_loopback(host: str) -> None:
    """Raises ConfigError unless `host` is this machine alone."""
    if not is_loopback(host):
        raise ConfigError(
            f"demo mode hands out keys and listens on {host}, which others can reach",
            where="serve.demo",
            hint="set serve.host to 127.0.0.1, or serve.demo to false",
        )


def is_loopback(host: str) -> bool:
    """Returns whether `host`, a name or an address without a port, is this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
