"""A real server with the tiny shop in demo mode, and a real headless Chromium in front of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import pytest

SERVER = """
import sys
from dataclasses import replace
from pathlib import Path
from tradewind.service.demo import prepare
from tradewind.service.serve import serve
from tradewind.testing.engine import open_tiny, tiny_shop
shop = tiny_shop(Path(sys.argv[1]), demo=True, port=0, drain_seconds=0, deadline_ms=10000)
shop = replace(shop, settings=shop.settings.model_copy(update={"notice": "Nothing here is real."}))
prepare(shop)
serve(shop, open_parts=open_tiny, on_ready=lambda running: print("READY", running.url, flush=True))
"""
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="session")
def storefront(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the storefront."""
    root = tmp_path_factory.mktemp("storefront")
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(root)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        yield _address(process)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _address(process: subprocess.Popen[str]) -> str:
    lines: Queue[str] = Queue()
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout or ()], daemon=True).start()
    try:
        while not (found := re.match(r"READY (\S+)", lines.get(timeout=90))):
            pass
    except Empty:
        raise AssertionError(f"the server did not start (exit code {process.poll()})") from None
    return found[1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any, storefront: str, tmp_path: Path) -> Iterator[Any]:
    """A fresh visitor's page, opened at the storefront. Any error in the page's own script fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(15_000)
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(storefront)
    opened.wait_for_selector("[data-surface=trending] .card")
    yield opened
    opened.screenshot(path=tmp_path / "page.png")
    context.close()
    assert errors == []
