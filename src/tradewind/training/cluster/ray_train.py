"""A run on several machines, by Ray Train: the same run as on one, its processes started where a Ray cluster has room.

The job travels through Ray's object store; checkpoints lie in a folder that all machines see, and a worker that is
started again goes on from there. What comes back is what any run leaves.
"""

from __future__ import annotations

import contextvars
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

from tradewind.errors import ConfigError, MissingExtraError, ModelError, TradewindError
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training.checkpoints import put_in_order
from tradewind.training.job import Job, Outcome, packed, unpacked
from tradewind.training.pipe import Line, as_error, is_ours, passed_on
from tradewind.training.resources import Resources

_END: Final = "end"
_STARTS: Final = 3
_NICENESS: Final = "RAY_worker_niceness"
"""By itself Ray lets its workers wait for every other process of the machine, at 15."""
_LOOPBACK: Final = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Read when ray is imported. At 0 it takes the loopback for its own address, as it always does on those two; else it
listens to the whole network, and turns a loopback address that it is given into the machine's."""


def learn_on_ray(job: Job, progress: Progress) -> Outcome:
    """Returns what the first worker left of `job`.

    Raises the error that ended a worker, ConfigError for a cluster without a common folder or that does not answer,
    MissingExtraError without ray.
    """
    resources = job.plan.resources
    there = replace(job, folder=_folder(job))
    put_in_order(there.folder / "checkpoints", job.plan.fingerprint(job.identity), resources.processes)
    data = packed(there, progress, mapped=resources.address == "local")
    with _cluster(resources) as ray, _heard(progress) as (line, heard):
        outcome = _fitted(ray, resources, {"job": ray.put(data), "line": line}, there.folder, heard)
    if there.folder != job.folder:
        shutil.copytree(there.folder / "tensorboard", job.folder / "tensorboard", dirs_exist_ok=True)
        shutil.rmtree(there.folder)
    return outcome


@dataclass(slots=True)
class _Heard:
    """What the workers said: the error raised on purpose, and one that a watcher of the run ended it with."""

    words: dict[str, Any] | None = field(default=None)
    enough: Exception | None = field(default=None)

    def take(self, kind: str, words: Any, progress: Progress) -> None:
        if kind == "failed":
            self.words = words if self.words is None or is_ours(words) else self.words
        elif self.enough is None:
            try:
                passed_on(kind, words, progress)
            except Exception as error:
                self.enough = error


class _QueueLine(Line):
    """The workers' end of a line that runs through the cluster."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def _say(self, kind: str, words: Any) -> None:
        self._queue.put((kind, words))


def _folder(job: Job) -> Path:
    resources = job.plan.resources
    if resources.storage is None:
        if resources.address != "local":
            raise ConfigError(
                "a cluster needs a folder for checkpoints that all its machines see",
                where="learn.resources.storage",
                hint="name one on a common file system",
            )
        return job.folder
    if not Path(resources.storage).is_dir():
        raise ConfigError(f"there is no folder {resources.storage}", where="learn.resources.storage")
    return Path(resources.storage).resolve() / f"tradewind-{job.plan.fingerprint(job.identity)[:16]}"


@contextmanager
def _cluster(resources: Resources) -> Iterator[Any]:
    """Opens ray and closes it; a local one listens on the loopback only. One that is open already is left so."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing of a shop's runs goes to anybody
    if resources.address == "local":
        os.environ.setdefault(_LOOPBACK, "0")
        os.environ.setdefault(_NICENESS, "0")
    try:
        import ray
    except ImportError:
        raise MissingExtraError("ray", "ray") from None
    if ray.is_initialized():
        yield ray
        return
    _open(ray, resources)
    try:
        yield ray
    finally:
        ray.shutdown()


def _open(ray: Any, resources: Resources) -> None:
    """Ray gives its own start half a minute, which a busy machine may not have: a local one is started again."""
    for left in reversed(range(_STARTS if resources.address == "local" else 1)):
        try:
            ray.init(**_opening(resources))
            return
        except Exception as error:
            ray.shutdown()
            if not left:
                what = f"no Ray answers at {resources.address}: {error}"
                raise ConfigError(what, where="learn.resources.address") from None


def _opening(resources: Resources) -> dict[str, Any]:
    found: dict[str, Any] = {"address": resources.address, "log_to_driver": False, "logging_level": "ERROR"}
    if resources.address != "local":
        return found
    return found | {
        "num_cpus": resources.processes,
        "include_dashboard": False,
        "runtime_env": {"env_vars": {"GLOO_SOCKET_IFNAME": "lo", "OMP_WAIT_POLICY": "PASSIVE"}},
    }


@contextmanager
def _heard(progress: Progress) -> Iterator[tuple[_QueueLine, _Heard]]:
    """Opens a line from the workers, and passes on what they say until it closes."""
    from ray.util.queue import Queue

    queue, heard = Queue(), _Heard()

    def listen() -> None:
        kind, words = queue.get()
        while kind != _END:
            heard.take(kind, words, progress)
            kind, words = queue.get()

    context = contextvars.copy_context()
    listener = threading.Thread(target=context.run, args=(listen,), daemon=True)
    listener.start()
    try:
        yield _QueueLine(queue), heard
    finally:
        queue.put((_END, None))
        listener.join()
        queue.shutdown(force=True)
        if heard.enough:
            raise heard.enough


def _fitted(ray: Any, resources: Resources, given: dict[str, Any], folder: Path, heard: _Heard) -> Outcome:
    import ray.train
    import torch
    from ray.train.torch import TorchConfig, TorchTrainer

    work: Any = _work
    trainer = TorchTrainer(
        work,
        train_loop_config=given,
        torch_config=TorchConfig(timeout_s=7 * 24 * 3600),
        scaling_config=ray.train.ScalingConfig(num_workers=resources.processes, use_gpu=torch.cuda.is_available()),
        run_config=ray.train.RunConfig(
            name="ray",
            storage_path=str(folder),
            failure_config=ray.train.FailureConfig(max_failures=resources.restarts),
        ),
    )
    try:
        with _own_interrupt():
            result: Any = trainer.fit()
    except Exception as error:
        raise _reason(error, heard) from None
    finally:
        shutil.rmtree(folder / "ray", ignore_errors=True)
    return cast(Outcome, result.return_value)


@contextmanager
def _own_interrupt() -> Iterator[None]:
    """Ray hears Ctrl-C while it trains, and would go on hearing it when its run is long over."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, ours)


def _reason(error: Exception, heard: _Heard) -> TradewindError:
    if heard.words and is_ours(heard.words):
        return as_error(heard.words)
    said = heard.words["what"] if heard.words else str(error).strip().splitlines()[-1]
    return ModelError(
        f"the run on Ray broke: {said}",
        hint="run it again: it goes on from its last checkpoint; learn.resources.restarts lets it do so by itself",
    )


def _work(given: dict[str, Any]) -> Outcome | None:
    """Runs in every worker; ray has joined them into a group."""
    import ray
    import ray.train

    from tradewind.training.worker import work

    rank = ray.train.get_context().get_world_rank()
    line: Line = given["line"]
    try:
        outcome = work(unpacked(ray.get(given["job"])), rank, line if rank == 0 else SilentProgress())
    except BaseException as error:
        line.failed(error)
        raise
    return outcome if rank == 0 else None
