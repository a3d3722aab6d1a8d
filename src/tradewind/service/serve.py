"""Runs the service: N worker processes on one port that share the memory-mapped index; stopping loses nothing."""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from tradewind.errors import ConfigError
from tradewind.service.loopback import require_loopback
from tradewind.service.worker import DRAINING, METRICS_VARIABLE, Worker
from tradewind.settings import ServeSettings, Shop

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tradewind.service.backing import Open

STOP_SECONDS: Final = 30.0
"""How long a worker may finish what it is answering."""
HEADER_SECONDS: Final = 10
"""How long a caller may take to send its headers."""
_TO_STDERR: Final = {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"}
LOGGING: Final[dict[str, Any]] = {"handlers": {"console": _TO_STDERR, "access": _TO_STDERR}}
"""Keeps the server's own words off standard output. Its access log is never on: it would hold queries."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where the service listens and its folder while it runs."""

    url: str
    folder: Path


Told = Callable[[Running], None]


def _say_nothing(_running: Running) -> None: ...


def serve(shop: Shop, *, on_ready: Told = _say_nothing, open_parts: Open | None = None) -> None:
    """Serves until SIGTERM or Ctrl-C, then answers what is in flight and returns. Called from the main thread.

    A stop first turns /health/ready to false for `serve.drain_seconds`, still answering; a second signal stops at once.
    `on_ready` is called, in a thread, when every worker listens. `open_parts` must be a module's function: workers
    are fresh processes. Raises ConfigError for a port that cannot be listened on, SystemExit when workers keep dying.
    """
    settings = shop.settings.serve
    if settings.demo:
        require_loopback(settings.host)
    running = Running(_url(settings.host, free_port(settings.host, settings.port)), _run_folder(shop))
    worker = Worker(settings.workers, running.folder, os.getpid(), settings.drain_seconds + STOP_SECONDS)
    os.environ[METRICS_VARIABLE] = str(running.folder)
    server = _server(settings, int(running.url.rsplit(":", 1)[1]))
    server.on_startup(partial(_drain_on_signals, server, settings, running.folder))
    server.on_startup(partial(_tell_when_up, settings.workers, running, on_ready))
    try:
        server.serve(target_loader=partial(load_app, shop, worker, open_parts), wrap_loader=False)
    finally:
        shutil.rmtree(running.folder, ignore_errors=True)


def load_app(shop: Shop, worker: Worker, open_parts: Open | None) -> FastAPI:
    """Returns a worker's application; granian calls it in each fresh process."""
    from tradewind.service.app import create_app  # in the worker alone: the parent starts at once and stays small

    return create_app(shop, worker=worker, open_parts=open_parts) if open_parts else create_app(shop, worker=worker)


def _server(settings: ServeSettings, port: int) -> MPServer:
    _start_workers_afresh()
    return MPServer(
        "tradewind",
        address=settings.host,
        port=port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        websockets=False,
        backlog=2048,
        backpressure=max(256, 4 * settings.max_in_flight),
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000),
        log_level=LogLevels.warning,
        log_dictconfig=LOGGING,
        respawn_failed_workers=True,
    )


def _start_workers_afresh() -> None:
    """A forked worker would inherit locks of the parent's threads, its connections and, after learning, its memory."""
    multiprocessing.set_start_method("spawn", force=True)


def free_port(host: str, port: int) -> int:
    """Returns the port, chosen by the system when it is 0. Raises ConfigError when nobody can listen there.

    Workers share a port by SO_REUSEPORT, under which a second service would not notice the first; this does.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise _cannot_listen(host, port, error) from None
        return int(probe.getsockname()[1])


def _cannot_listen(host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"port {port} on {host} is taken by another program", hint="stop it, or set another serve.port"
        )
    return ConfigError(f"cannot listen on {host} port {port}: {error.strerror or error}", where="serve")


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _run_folder(shop: Shop) -> Path:
    """Returns a fresh folder for this start; those of services that were killed are taken away."""
    folder = shop.work / "run" / str(os.getpid())
    for left in folder.parent.glob("*"):
        if left == folder or not Path(f"/proc/{left.name}").exists():
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def _drain_on_signals(server: MPServer, settings: ServeSettings, folder: Path) -> None:
    """Puts draining before the server's own way to stop."""

    interrupt: Callable[[], None] = server.signal_handler_interrupt

    def stop(*_signal: Any) -> None:
        if (folder / DRAINING).exists():
            interrupt()
            return
        (folder / DRAINING).touch()
        timer = threading.Timer(settings.drain_seconds, interrupt)
        timer.daemon = True
        timer.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def _tell_when_up(workers: int, running: Running, told: Told) -> None:
    def wait() -> None:
        while len(list(running.folder.glob("*.up"))) < workers:
            if (running.folder / DRAINING).exists() or not running.folder.exists():
                return
            threading.Event().wait(0.05)
        told(running)

    threading.Thread(target=wait, name="tradewind-ready", daemon=True).start()
