"""The shared cache: made once, whole, by whoever comes first, and made again when it is damaged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tradewind.errors import ModelError
from tradewind.models.cache import default_cache, stored_once


def counting(times: list[int]) -> Any:
    def make(folder: Path) -> dict[str, Any]:
        times.append(1)
        (folder / "weights").write_bytes(b"w" * 1000)
        return {"source": "here"}

    return make


def test_an_entry_is_made_once_and_its_facts_are_kept(tmp_path: Path) -> None:
    times: list[int] = []
    first = stored_once(tmp_path, "e5", counting(times))
    second = stored_once(tmp_path, "e5", counting(times))
    assert times == [1]
    assert first == second
    assert second[1]["source"] == "here"


@pytest.mark.parametrize("damage", [b"w" * 999, b"w" * 999 + b"x"])
def test_an_entry_that_was_cut_or_altered_is_made_again(tmp_path: Path, damage: bytes) -> None:
    times: list[int] = []
    folder, _ = stored_once(tmp_path, "e5", counting(times))
    (folder / "weights").write_bytes(damage)
    stored_once(tmp_path, "e5", counting(times))
    assert times == [1, 1]
    assert (folder / "weights").read_bytes() == b"w" * 1000


def test_a_making_that_fails_leaves_nothing_that_looks_whole(tmp_path: Path) -> None:
    def fails(folder: Path) -> dict[str, Any]:
        (folder / "weights").write_bytes(b"half")
        raise ModelError("broken")

    with pytest.raises(ModelError, match="broken"):
        stored_once(tmp_path, "e5", fails)
    assert not (tmp_path / "weights" / "e5").exists()
    times: list[int] = []
    stored_once(tmp_path, "e5", counting(times))
    assert times == [1]


RACER = """
import sys, time
from pathlib import Path
from tradewind.models.cache import stored_once

def make(folder):
    print("made", flush=True)
    (folder / "weights").write_bytes(b"w" * 10)
    time.sleep(0.3)
    return {}

stored_once(Path(sys.argv[1]), "e5", make)
"""


def test_processes_that_want_the_same_entry_at_once_make_it_once(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    said = [racer.communicate(timeout=60)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert sorted(said) == ["", "", "made\n"]


def test_a_cache_that_cannot_be_written_is_one_error_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "weights").write_text("a file is in the way")
    with pytest.raises(ModelError, match="TRADEWIND_CACHE"):
        stored_once(tmp_path, "e5", counting([]))


def test_the_environment_names_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRADEWIND_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
