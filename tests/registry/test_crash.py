"""Killed at any step of a publication, the registry shows what it showed before, or the whole new version."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from tradewind.registry.artefacts import load, publish
from tradewind.registry.keys import KeyPair, ensure_keypair
from tradewind.registry.layout import INCOMING, versions
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import current, promote

STEPS = ("open", "fsync", "rename", "mkdir", "fchmod", "link", "unlink")


def in_child(work: Callable[[], object]) -> int:
    """Runs `work` in a forked process and returns how it ended: 0, or minus the signal."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def dying_at(number: int, work: Callable[[], object]) -> Callable[[], object]:
    """Returns `work` made to kill itself with SIGKILL just before its `number`-th call of the system."""
    seen = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*words: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*words, **named)

        return counting

    def run() -> object:
        for step in STEPS:
            setattr(os, step, counted(getattr(os, step)))
        return work()

    return run


def check_all(root: Path, keys: KeyPair) -> list[str]:
    found = versions(root, "encoder", "match")
    for version in found:
        load(root, "encoder", "match", version, keys.public)
    return found


def test_killed_before_every_call_of_the_system_no_half_version_is_seen(
    root: Path, bundle: Path, keys: KeyPair
) -> None:
    old = publish(root, "encoder", "match", bundle, ManifestFacts(), keys.private).version
    promote(root, "encoder", "match", old)

    def renew() -> None:
        new = publish(root, "encoder", "match", bundle, ManifestFacts(), keys.private)
        promote(root, "encoder", "match", new.version)

    ends, serving, number = [], old, 0
    while not ends or ends[-1] != 0:
        number += 1
        assert number < 500
        ends.append(in_child(dying_at(number, renew)))
        found = check_all(root, keys)
        now = current(root, "encoder", "match")
        assert now in found
        assert now == serving or now == found[-1]
        serving = now
    assert ends[:-1] == [-signal.SIGKILL] * (number - 1)
    assert number > 20
    assert serving == versions(root, "encoder", "match")[-1]


def test_what_a_killed_publisher_left_is_cleared_by_the_next(root: Path, bundle: Path, keys: KeyPair) -> None:
    def publishing() -> object:
        return publish(root, "encoder", "match", bundle, ManifestFacts(), keys.private)

    folder = root / "encoder" / "match"
    number = 1
    while not list(folder.glob(f"{INCOMING}*")):
        number += 1
        assert in_child(dying_at(number, publishing)) == -signal.SIGKILL
    publishing()
    assert not list(folder.glob(f"{INCOMING}*"))


def test_a_publisher_at_work_is_not_swept_away_by_another(
    root: Path, bundle: Path, keys: KeyPair, tmp_path: Path
) -> None:
    (bundle / "model.onnx").write_bytes(b"\x08" * (64 << 20))
    small = tmp_path / "small"
    small.mkdir()
    (small / "encoder.json").write_text("{}", encoding="utf-8")
    context = get_context("fork")
    slow = context.Process(target=publish, args=(root, "encoder", "match", bundle, ManifestFacts(), keys.private))
    slow.start()
    while slow.is_alive():
        publish(root, "encoder", "match", small, ManifestFacts(), keys.private)
        time.sleep(0.02)
    slow.join()
    assert slow.exitcode == 0
    found = check_all(root, keys)
    sizes = [load(root, "encoder", "match", version, keys.public).manifest.size for version in found]
    assert sum(size > 1 << 20 for size in sizes) == 1


def publish_some(root: Path, bundle: Path, key_folder: Path) -> list[str]:
    keys = ensure_keypair(key_folder)
    made = []
    for _ in range(5):
        artefact = publish(root, "encoder", "match", bundle, ManifestFacts(), keys.private)
        promote(root, "encoder", "match", artefact.version, keys.public)
        made.append(artefact.version)
    return made


def test_concurrent_publishers_lose_nothing(root: Path, bundle: Path, tmp_path: Path) -> None:
    keys = ensure_keypair(tmp_path / "keys")
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        made = [pool.submit(publish_some, root, bundle, tmp_path / "keys") for _ in range(4)]
        expected = sorted(version for future in made for version in future.result())
    assert len(set(expected)) == 20
    assert check_all(root, keys) == expected
    assert current(root, "encoder", "match") in expected
    assert not list((root / "encoder" / "match").glob(".*"))


def test_a_reader_never_sees_a_pointer_without_its_version(root: Path, bundle: Path, tmp_path: Path) -> None:
    keys = ensure_keypair(tmp_path / "keys")
    publish_some(root, bundle, tmp_path / "keys")
    writer = get_context("fork").Process(target=publish_some, args=(root, bundle, tmp_path / "keys"))
    writer.start()
    reads = 0
    while writer.is_alive() or not reads:
        version = current(root, "encoder", "match")
        assert version is not None
        load(root, "encoder", "match", version, keys.public)
        reads += 1
    writer.join()
    assert writer.exitcode == 0


@pytest.mark.parametrize("delay", [0.0005, 0.002, 0.005, 0.01, 0.02, 0.04])
def test_killed_at_a_moment_of_the_clock_the_old_version_still_serves(
    root: Path, bundle: Path, keys: KeyPair, delay: float
) -> None:
    old = publish(root, "encoder", "match", bundle, ManifestFacts(), keys.private).version
    promote(root, "encoder", "match", old)
    (bundle / "model.onnx").write_bytes(b"\x08" * (8 << 20))
    pid = os.fork()
    if pid == 0:
        publish(root, "encoder", "match", bundle, ManifestFacts(), keys.private)
        os._exit(0)
    time.sleep(delay)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert old in check_all(root, keys)
    assert current(root, "encoder", "match") == old
