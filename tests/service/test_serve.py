"""Before anything starts: where the service may listen."""

from __future__ import annotations

import socket

import pytest

from tradewind.errors import ConfigError
from tradewind.service.serve import free_port


def test_port_0_lets_the_system_choose() -> None:
    assert 1024 < free_port("127.0.0.1", 0) < 65536


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_that_somebody_listens_on_is_refused_even_when_it_could_be_shared(shared: bool) -> None:
    with socket.socket() as other:
        if shared:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port} on 127.0.0.1 is taken"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", port) == port


def test_an_address_that_is_not_this_machines_is_named() -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on 192\.0\.2\.1"):
        free_port("192.0.2.1", 0)
