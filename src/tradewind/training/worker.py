"""One of several processes that learn together: `python -m tradewind.training.worker FOLDER`."""

from __future__ import annotations

import ctypes
import datetime
import os
import pickle
import signal
import sys
import traceback
from pathlib import Path
from typing import Final

import torch
import torch.distributed as dist

from tradewind.telemetry import SilentProgress
from tradewind.training.job import JOB_FILE, OUTCOME_FILE, Job, Outcome, moved_state, unpacked
from tradewind.training.pipe import Line
from tradewind.training.trainer import learn
from tradewind.training.watching import watched_by

MEETING: Final = "meeting"
_DIE_WITH_PARENT: Final = 1
"""Linux's PR_SET_PDEATHSIG."""
_PATIENCE: Final = datetime.timedelta(days=7)
"""Others may wait as long as the first validates: who fails is noticed by the process that started all."""


def main(folder: Path) -> int:
    """Learns this process's share of the job in `folder`; the first process leaves the outcome there."""
    _die_with_parent(int(os.environ["TRADEWIND_PARENT"]))
    line = Line(int(os.environ["TRADEWIND_LINE"]))
    try:
        rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        _meet(folder / MEETING, rank, count)
        with watched_by(line):
            outcome = work(unpacked((folder / JOB_FILE).read_bytes()), rank, line)
        if rank == 0:
            (folder / OUTCOME_FILE).write_bytes(pickle.dumps(outcome))
        dist.barrier()
    except BaseException as error:
        traceback.print_exc()
        line.failed(error)
        # Taking the group apart waits for the others, who wait for us.
        sys.stderr.flush()
        os._exit(1)
    dist.destroy_process_group()
    return 0


def work(job: Job, rank: int, line: Line | SilentProgress) -> Outcome:
    """Returns what the run leaves in this process, which is one of a group; only the first one tells of its steps."""
    curves = learn(job, line if rank == 0 else SilentProgress())
    return Outcome(curves, moved_state(job.objective))


def _meet(file: Path, rank: int, count: int) -> None:
    """Joins the group through a file: a port would be open to the whole network, and taken by somebody else's run."""
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if backend == "nccl":
        torch.cuda.set_device(rank)
    dist.init_process_group(backend, init_method=file.as_uri(), rank=rank, world_size=count, timeout=_PATIENCE)


def _die_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
