"""A run on a local Ray with two workers, started and stopped here: the same weights, and errors in their own words."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
import torch
from torch import nn

from tradewind.errors import ConfigError, DataError, MissingExtraError
from tradewind.telemetry import SilentProgress
from tradewind.training.pipe import described
from tradewind.training.plan import Plan
from tradewind.training.resources import Resources
from tradewind.training.trainer import Curves, Objective, fit

THIS = sys.modules[__name__]
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
"""127.0.0.1, the same as an IPv6 address, and ::1, in the order of bytes that Linux prints."""


@pytest.fixture(autouse=True)
def _by_value() -> Iterator[None]:
    """A worker cannot import this file: its classes travel whole."""
    cloudpickle.register_pickle_by_value(THIS)
    yield
    cloudpickle.unregister_pickle_by_value(THIS)


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """One Ray for all tests of this file: it takes seconds to start. `fit` leaves a Ray that is open as it is."""
    from tradewind.training.cluster import ray_train

    with ray_train._cluster(RESOURCES) as ray:
        yield ray


RESOURCES = Resources(precision="fp32", processes=2, cluster="ray", restarts=1)


class Line(Objective):
    divisible = True

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.line = nn.Linear(3, 1)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": ((self.line(x).squeeze(-1) - y) ** 2).mean()}


class Points:
    def __len__(self) -> int:
        return 12

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(place))
        return {"x": x, "y": x.sum(-1)}


class Falling(Points):
    """Worker 2 is killed once, with a checkpoint already there."""

    def __init__(self, fallen: Path) -> None:
        self.fallen = fallen

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        if place >= 9 and os.environ.get("RANK") == "1" and not self.fallen.exists():
            self.fallen.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(place)


class Heard(SilentProgress):
    def __init__(self) -> None:
        self.steps = 0

    def advance(self, units: int = 1) -> None:
        self.steps += units


def learned(
    folder: Path, resources: Resources, batches: Points, progress: SilentProgress | None = None
) -> tuple[Line, Curves]:
    line = Line()

    def closeness() -> float:
        with torch.no_grad():
            return -float(line(**Points()[0])["loss"])

    plan = Plan("full", 6, 4, 2, 2, 0.05, "adamw", 0.1, 0.0, 0.0, 99, 7, 1, resources=resources)
    progress = progress or SilentProgress()
    return line, fit(line, batches, plan, folder, validate=closeness, watched="closeness", progress=progress)


@pytest.mark.slow
def test_two_workers_learn_what_one_process_does_though_one_of_them_is_killed(ray: Any, tmp_path: Path) -> None:
    alone, _ = learned(tmp_path / "alone", Resources(precision="fp32"), Points())
    heard, interrupt = Heard(), signal.getsignal(signal.SIGINT)
    together, curves = learned(tmp_path / "ray", RESOURCES, Falling(tmp_path / "fallen"), heard)
    assert (tmp_path / "fallen").exists() and curves.resumed_from >= 2
    torch.testing.assert_close(together.line.weight, alone.line.weight, rtol=1e-5, atol=1e-6)
    assert [step for step, _ in curves.validation] == [2, 4, 6]
    assert heard.steps >= 6
    assert not (tmp_path / "ray" / "ray").exists()
    assert ray.util.get_node_ip_address() == "127.0.0.1"
    assert signal.getsignal(signal.SIGINT) is interrupt, "Ray hears Ctrl-C when its run is long over"
    assert LOOPBACK & _listening(os.getpid()) and not _listening(os.getpid()) - LOOPBACK


def _listening(driver: int) -> set[str]:
    """The addresses, as the kernel writes them, that this process and those below it listen on."""
    ours = {
        str(link.readlink())
        for process in (driver, *_below(driver))
        for link in Path(f"/proc/{process}/fd").glob("*")
        if link.is_symlink()
    }
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in ours}


def _below(process: int) -> set[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    children = {int(one) for task in tasks for one in task.read_text().split()}
    return children.union(*(_below(child) for child in children))


def test_an_error_raised_on_purpose_comes_back_in_its_own_words_and_another_as_what_it_was() -> None:
    from tradewind.training.cluster.ray_train import _Heard, _reason

    heard = _Heard()
    heard.take("failed", described(RuntimeError("Connection closed by peer")), SilentProgress())
    assert "Connection closed" in str(_reason(Exception("trace"), heard))
    heard.take("failed", described(DataError("the table is gone", where="items.csv")), SilentProgress())
    heard.take("failed", described(RuntimeError("Connection closed by peer")), SilentProgress())
    found = _reason(Exception("trace"), heard)
    assert isinstance(found, DataError) and str(found) == "items.csv: the table is gone"
    assert "the last line" in str(_reason(Exception("trace\nthe last line\n"), _Heard()))


def test_a_cluster_needs_a_common_folder_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="all its machines see"):
        learned(tmp_path, Resources(processes=2, cluster="ray", address="host:6379"), Points())
    with pytest.raises(ConfigError, match="no folder"):
        learned(tmp_path, Resources(processes=2, cluster="ray", storage=str(tmp_path / "none")), Points())


def test_without_ray_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"tradewind\[ray\]"):
        learned(tmp_path, RESOURCES, Points())
