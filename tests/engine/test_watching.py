from __future__ import annotations

import logging
import threading
import time

import pytest

from tradewind.engine.watching import Watcher


def wait_for(happened: threading.Event) -> None:
    assert happened.wait(5)


def test_tasks_are_done_again_and_again_until_closed() -> None:
    thrice, count = threading.Event(), [0]

    def task() -> None:
        count[0] += 1
        if count[0] == 3:
            thrice.set()

    watcher = Watcher({"counting": task}, 0.005)
    watcher.start()
    wait_for(thrice)
    watcher.close()
    after = count[0]
    time.sleep(0.03)
    assert count[0] == after


def test_a_failing_task_is_logged_once_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    done, calls = threading.Event(), [0]

    def failing() -> None:
        raise OSError("no disk")

    def other() -> None:
        calls[0] += 1
        if calls[0] == 4:
            done.set()

    with caplog.at_level(logging.ERROR, logger="tradewind"):
        watcher = Watcher({"the disk": failing, "the rest": other}, 0.005)
        watcher.start()
        wait_for(done)
        watcher.close()
    told = [record for record in caplog.records if "the disk" in record.getMessage()]
    assert len(told) == 1 and "no disk" in told[0].getMessage()


def test_closing_one_that_never_started_is_fine() -> None:
    looks: list[int] = []
    Watcher({"one": lambda: looks.append(1)}, 0.001).close()
    assert not looks
