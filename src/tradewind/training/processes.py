"""Several processes on this machine learn one run together: started here, watched, and stopped when one of them fails.

Each is a fresh interpreter. They meet through a file and talk over the loopback, so that no port is open to anyone.
"""

from __future__ import annotations

import json
import os
import pickle
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from tradewind.errors import ModelError, TradewindError
from tradewind.telemetry import Progress
from tradewind.training.checkpoints import put_in_order
from tradewind.training.job import JOB_FILE, OUTCOME_FILE, Job, Outcome, packed
from tradewind.training.pipe import as_error, is_ours, passed_on

_GRACE: Final = 3.0
"""Seconds for the others' words after one has failed: the one that fell first need not be the first to say so."""
_Said = tuple[int, str, Any]


@dataclass(slots=True)
class _Worker:
    rank: int
    process: subprocess.Popen[bytes]
    log: Path
    words: dict[str, Any] | None = field(default=None)
    said_at: float = field(default=float("inf"))
    stopped: bool = field(default=False)

    @property
    def fell(self) -> bool:
        """Whether it ended badly by itself, not because it was stopped."""
        return not self.stopped and self.process.poll() not in (None, 0)


def spread(job: Job, progress: Progress) -> Outcome:
    """Runs `job` in as many processes as its plan says and returns what the first one left.

    Raises the error that ended one of them, ModelError when one was killed; then, and on Ctrl-C, all are stopped.
    """
    put_in_order(job.folder / "checkpoints", job.plan.fingerprint(job.identity), job.plan.resources.processes)
    folder = job.folder / "processes"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    (folder / JOB_FILE).write_bytes(packed(job, progress, mapped=True))
    heard: queue.Queue[_Said] = queue.Queue()
    workers: list[_Worker] = []
    try:
        for rank in range(job.plan.resources.processes):
            workers.append(_started(rank, job, folder, heard))
        _listen(workers, heard, progress)
        outcome = cast(Outcome, pickle.loads((folder / OUTCOME_FILE).read_bytes()))  # noqa: S301 - our own worker wrote it
    finally:
        _stop(workers)
        (folder / JOB_FILE).unlink()
    shutil.rmtree(folder)
    return outcome


def _started(rank: int, job: Job, folder: Path, heard: queue.Queue[_Said]) -> _Worker:
    ours, theirs = os.pipe()
    log = folder / f"process-{rank + 1}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "tradewind.training.worker", str(folder)],
            env=_environment(rank, job, theirs),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs,),
            start_new_session=True,  # Ctrl-C is ours to hear: we stop them
        )
    os.close(theirs)
    threading.Thread(target=_read, args=(ours, rank, heard), daemon=True).start()
    return _Worker(rank, process, log)


def _environment(rank: int, job: Job, line: int) -> dict[str, str]:
    count = job.plan.resources.processes
    return os.environ | {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "TRADEWIND_LINE": str(line),
        "TRADEWIND_PARENT": str(os.getpid()),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OMP_NUM_THREADS": str(max(1, job.plan.threads // count)),
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "GLOO_SOCKET_IFNAME": os.environ.get("GLOO_SOCKET_IFNAME", "lo" if sys.platform == "linux" else "lo0"),
    }


def _read(descriptor: int, rank: int, heard: queue.Queue[_Said]) -> None:
    with os.fdopen(descriptor, encoding="utf-8") as lines:
        for line in lines:
            kind, words = json.loads(line)
            heard.put((rank, kind, words))
    heard.put((rank, "ended", None))


def _listen(workers: list[_Worker], heard: queue.Queue[_Said], progress: Progress) -> None:
    """Passes on what is said until all have ended well. Raises the error of the one that has not."""
    running, until = len(workers), None
    while running and (until is None or time.monotonic() < until):
        try:
            rank, kind, words = heard.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        if kind == "failed":
            workers[rank].words, workers[rank].said_at = words, time.monotonic()
        elif kind == "ended":
            running -= 1
            workers[rank].process.wait()
        else:
            passed_on(kind, words, progress)
        if kind == "failed" and is_ours(words):
            break
        if until is None and any(worker.fell or worker.words for worker in workers):
            until = time.monotonic() + _GRACE
    fallen = [worker for worker in workers if worker.words or worker.fell]
    if fallen:
        raise _reason(fallen, len(workers))


def _reason(fallen: list[_Worker], count: int) -> TradewindError:
    """The error that was raised on purpose; else who was killed; else who broke first: others only lost a neighbour."""
    for worker in fallen:
        if worker.words and is_ours(worker.words):
            return as_error(worker.words)
    killed = next((worker for worker in fallen if worker.process.returncode and worker.process.returncode < 0), None)
    if killed:
        name = signal.Signals(-killed.process.returncode).name
        return ModelError(
            f"process {killed.rank + 1} of {count} was killed ({name}), and the others were stopped",
            hint="run it again: it goes on from its last checkpoint; too little memory is the usual reason",
        )
    first = min(fallen, key=lambda worker: worker.said_at)
    said = first.words["what"] if first.words else f"it ended with code {first.process.returncode}"
    return ModelError(f"process {first.rank + 1} of {count} broke: {said}", hint=f"its words are in {first.log}")


def _stop(workers: list[_Worker]) -> None:
    for worker in workers:
        if worker.process.poll() is None:
            worker.stopped = True
            worker.process.kill()
    for worker in workers:
        worker.process.wait()
