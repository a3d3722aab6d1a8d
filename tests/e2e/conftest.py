"""The bilingual example, taken the whole way once for all tests of this folder, as a newcomer would: by the command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("tradewind"))


class Cli:
    """The command line, run as a process of its own."""

    command = COMMAND

    def run(self, *words: str | Path, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Returns what came of `tradewind WORDS`; with `check` a failure fails the test and shows why."""
        done = subprocess.run(
            [COMMAND, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, "COLUMNS": "200"},
        )
        assert not check or done.returncode == 0, done.stderr[-3000:]
        assert "Traceback" not in done.stderr, done.stderr[-3000:]
        return done

    def json(self, *words: str | Path) -> Any:
        """Returns the JSON that the command prints."""
        return json.loads(self.run(*words, "--json").stdout)


@pytest.fixture(scope="session")
def cli() -> Cli:
    return Cli()


@pytest.fixture(scope="session")
def copy_shop() -> Callable[[Path], None]:
    """Copies the bilingual example, unbuilt, to a folder."""
    ignored = shutil.ignore_patterns(".tradewind")
    return lambda folder: shutil.copytree(ROOT / "examples/bilingual", folder, ignore=ignored)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, cli: Cli, copy_shop: Callable[[Path], None]) -> Path:
    """The folder of the bilingual shop, built. Tests only read it, or work on a copy."""
    folder = tmp_path_factory.mktemp("shops") / "bilingual"
    copy_shop(folder)
    cli.run("up", folder, "--no-serve", timeout=1500)
    return folder
