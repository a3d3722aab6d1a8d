"""Two processes learn what one learns with twice the accumulation; what ends one of them ends the run, and says so."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from tradewind.errors import ConfigError, DataError, ModelError
from tradewind.telemetry import SilentProgress
from tradewind.training import ranks
from tradewind.training.checkpoints import last_complete
from tradewind.training.job import Job, packed, unpacked
from tradewind.training.plan import Plan
from tradewind.training.resources import Resources
from tradewind.training.trainer import Curves, Objective, fit


@pytest.fixture(autouse=True)
def _by_value() -> Iterator[None]:
    """A worker cannot import this file: its classes travel whole."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


class Line(Objective):
    """A mean over rows, so that a batch may be taken apart; `scale` is frozen, `idle` moves and is never used."""

    divisible = True

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.line = nn.Linear(3, 1)
        self.idle = nn.Linear(2, 2)
        self.scale = nn.Parameter(torch.ones(1), requires_grad=False)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": ((self.line(x).squeeze(-1) * self.scale - y) ** 2).mean()}


class Pairs(Objective):
    """In-batch negatives: each row's other half against those of the whole batch."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.map = nn.Linear(3, 3)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        scores = normalize(self.map(x), dim=-1) @ normalize(x.flip(1), dim=-1).T * 5
        return {"loss": cross_entropy(scores, torch.arange(len(x)))}


class Points:
    """Batch `place` holds always the same points; `size` of them, those of a larger batch are two smaller ones'."""

    def __init__(self, count: int, joined: int = 1) -> None:
        self.count = count
        self.joined = joined

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        places = range(place * self.joined, (place + 1) * self.joined)
        x = torch.cat([torch.randn(4, 3, generator=torch.Generator().manual_seed(one)) for one in places])
        return {"x": x, "y": x.sum(-1)}


def plan(processes: int = 2, accumulation: int = 2, steps: int = 6, **more: Any) -> Plan:
    resources = Resources(precision="fp32", processes=processes)
    rate = 0.05 if more.get("method", "full") == "full" else 0.01
    return Plan("full", steps, 4, accumulation, 2, rate, "adamw", 0.1, 0.0, 0.0, 99, 7, 1, resources=resources)


def learned(
    folder: Path, plan: Plan, objective: Objective | None = None, validate: Callable[[], float] | None = None, **of: Any
) -> tuple[Objective, Curves]:
    made = objective or Line()

    def least() -> float:
        with torch.no_grad():
            made.eval()
            return -float(made(**Points(1)[0])["loss"])

    curves = fit(
        made,
        of.get("batches") or Points(plan.batches),
        plan,
        folder,
        validate=validate or least,
        watched="closeness",
        progress=of.get("progress") or SilentProgress(),
    )
    return made, curves


def same(one: nn.Module, other: nn.Module) -> None:
    for name, value in one.state_dict().items():
        torch.testing.assert_close(value, other.state_dict()[name], rtol=1e-5, atol=1e-6)


class Heard(SilentProgress):
    def __init__(self) -> None:
        self.started: list[str] = []
        self.steps = 0

    def start(self, label: str, total: int | None) -> None:
        self.started.append(label)

    def advance(self, units: int = 1) -> None:
        self.steps += units


@pytest.mark.usefixtures("forked")
def test_two_processes_learn_what_one_learns_with_twice_the_accumulation(tmp_path: Path) -> None:
    """A loss that is a mean over rows, learned batch by batch (each process accumulates none)."""
    heard = Heard()
    alone, curve = learned(tmp_path / "alone", plan(processes=1))
    together, curves = learned(tmp_path / "together", plan(), progress=heard)
    same(alone, together)
    assert [step for step, _ in curves.validation] == [2, 4, 6]
    np.testing.assert_allclose(curves.validation, curve.validation, rtol=1e-5)
    np.testing.assert_allclose(curves.loss, curve.loss, rtol=1e-5)
    assert heard.started == ["learning"] and heard.steps == 6
    assert list((tmp_path / "together" / "tensorboard").glob("events*"))
    assert not (tmp_path / "together" / "processes").exists()


@pytest.mark.usefixtures("forked")
def test_negatives_are_those_of_a_processs_own_batch(tmp_path: Path) -> None:
    """As with accumulation, and unlike one batch of twice the size. Each process accumulates two batches here."""
    alone, _ = learned(tmp_path / "alone", plan(processes=1, accumulation=4), Pairs())
    together, _ = learned(tmp_path / "together", plan(accumulation=4), Pairs())
    larger, _ = learned(tmp_path / "larger", plan(processes=1, accumulation=1), Pairs(), batches=Points(6, joined=4))
    same(alone, together)
    assert not torch.allclose(together.map.weight, larger.map.weight, atol=1e-3)  # type: ignore[arg-type,union-attr]


class Falling(Points):
    """Process 2 kills itself once, as the system would when memory is short, with a checkpoint already there."""

    def __init__(self, count: int, fallen: Path) -> None:
        super().__init__(count)
        self.fallen = fallen

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        if place >= 9 and os.environ.get("RANK") == "1" and not self.fallen.exists():
            self.fallen.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(place)


@pytest.mark.slow
def test_a_killed_process_ends_the_run_which_goes_on_to_the_same_weights(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Fresh interpreters here, as in a shop; dropout, so that the random state of each process counts."""
    batches, straight = Falling(12, tmp_path / "fallen"), Dropped()
    with pytest.raises(ModelError, match=r"process 2 of 2 was killed \(SIGKILL\).*its last checkpoint"):
        learned(tmp_path / "run", plan(), straight, batches=batches)
    assert last_complete(tmp_path / "run" / "checkpoints", 2) is not None
    request.getfixturevalue("forked")
    resumed, curves = learned(tmp_path / "run", plan(), Dropped(), batches=batches)
    unbroken, _ = learned(tmp_path / "unbroken", plan(), Dropped(), batches=batches)
    assert curves.resumed_from >= 2
    same(unbroken, resumed)
    own, _ = learned(tmp_path / "alone", plan(processes=1), Dropped(), batches=Points(12))
    assert not torch.allclose(own.line.weight, resumed.line.weight, atol=1e-5)  # type: ignore[arg-type,union-attr]


class Dropped(Line):
    """With dropout, whose masks the processes draw apart."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        return super().forward(torch.dropout(x, 0.3, self.training), y)


class Spoilt(Points):
    """One batch has a target that is no number."""

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        batch = super().__getitem__(place)
        return batch | {"y": batch["y"] * float("nan")} if place == 5 else batch


class Lost(Points):
    """A table that is gone in the middle."""

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        if place == 4:
            raise DataError("the table is gone", where="items.csv", hint="bring it back")
        return super().__getitem__(place)


@pytest.mark.usefixtures("forked")
def test_a_process_that_fails_ends_all_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no longer a number at step 3, batch 6"):
        learned(tmp_path / "nan", plan(), batches=Spoilt(12))
    with pytest.raises(DataError, match=r"items.csv: the table is gone \(bring it back\)"):
        learned(tmp_path / "lost", plan(), batches=Lost(12))


class Broken(Points):
    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        if place == 5:
            raise OSError("disk 3 of 4")
        return super().__getitem__(place)


@pytest.mark.usefixtures("forked")
def test_an_error_nobody_foresaw_names_the_process_and_where_its_words_are(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"process 2 of 2 broke: OSError: disk 3 of 4 .*process-2.log"):
        learned(tmp_path, plan(), batches=Broken(12))
    assert not list((tmp_path / "processes").glob("*.pickle"))


class Narrow(Line):
    """Memory holds two rows in process 2, and any number in process 1."""

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        if len(x) > 2 and ranks.rank() == 1 and self.training:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return super().forward(x, y)


@pytest.mark.usefixtures("forked")
def test_a_batch_may_be_learned_in_parts_by_one_process_alone(tmp_path: Path) -> None:
    alone, _ = learned(tmp_path / "alone", plan(processes=1))
    together, _ = learned(tmp_path / "together", plan(), Narrow())
    same(alone, together)


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """As at a terminal: a shell that starts something in the background tells it not to hear Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("forked", "hears_ctrl_c")
def test_ctrl_c_stops_all_processes(tmp_path: Path) -> None:
    before, begun = set(_children()), threading.Event()

    class Tell(SilentProgress):
        def advance(self, units: int = 1) -> None:
            begun.set()

    def press() -> None:
        begun.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        learned(tmp_path, plan(steps=500), batches=Slow(1000), progress=Tell())
    assert set(_children()) == before


class Slow(Points):
    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        time.sleep(0.02)
        return super().__getitem__(place)


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


@pytest.mark.usefixtures("forked")
def test_only_the_first_process_validates(tmp_path: Path) -> None:
    made, places = Line(), tmp_path / "places"

    def validate() -> float:
        with places.open("a") as written:
            written.write(f"{os.environ.get('RANK')} ")
        return 0.5

    learned(tmp_path, plan(steps=4), made, validate)
    assert places.read_text().split() == ["0", "0"]


def test_a_job_travels_with_what_its_parts_share_and_without_the_files_it_reads(tmp_path: Path) -> None:
    states = np.lib.format.open_memmap(tmp_path / "states.npy", "w+", np.float16, (50_000, 8))
    states[:] = np.arange(8)
    line, progress, held = Line(), SilentProgress(), threading.Lock()
    job = Job(line, [states], plan(), tmp_path, lambda: float(line.scale), "w", "")
    data = packed(job, progress, mapped=True)
    assert len(data) < 100_000 < len(packed(job, progress, mapped=False))
    other = unpacked(data)
    assert np.array_equal(other.batches[0], states) and isinstance(other.batches[0], np.memmap)
    with torch.no_grad():
        other.objective.scale.fill_(3.0)  # type: ignore[operator,union-attr]
    assert other.validate() == 3.0
    with pytest.raises(ConfigError, match=r"cannot be given to other processes.*lock"):
        packed(replace(job, batches=[held]), progress, mapped=True)
