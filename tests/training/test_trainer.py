"""A run learns, repeats itself for a seed, stops when validation does, and goes on after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from tradewind.errors import ModelError
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.telemetry import SilentProgress
from tradewind.training.checkpoints import last_complete, take_up
from tradewind.training.plan import Budget, Plan, plan_run, processor_has_bf16
from tradewind.training.trainer import Objective, fit
from tradewind.training.tuning import method

BUDGET = Budget(steps=12, batch_size=4, evaluate_every=4)


def _plan(**task: object) -> Plan:
    settings = TaskSettings.model_validate({"learning_rate": 0.05, **task})
    return plan_run(settings, LearnSettings(threads=1), BUDGET, method("full"))


class Line(Objective):
    """Fits a line through noisy points, with dropout so that the random state counts."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.line = nn.Linear(3, 1)
        self.still = nn.Parameter(torch.ones(4), requires_grad=False)
        self.dropout = nn.Dropout(0.2)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": ((self.line(self.dropout(x)).squeeze(-1) - y) ** 2).mean()}


class Points:
    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        x = torch.randn(4, 3, generator=torch.Generator().manual_seed(place))
        return {"x": x, "y": x.sum(-1)}


def _fit(folder: Path, plan: Plan, watch: object = None) -> tuple[Line, object]:
    line = Line()
    x = Points(1)[0]

    def closeness() -> float:
        with torch.no_grad():
            return -float(((line.line(x["x"]).squeeze(-1) - x["y"]) ** 2).mean())

    validate = watch if callable(watch) else closeness
    curves = fit(
        line, Points(plan.batches), plan, folder, validate=validate, watched="closeness", progress=SilentProgress()
    )
    return line, curves


def test_the_loss_falls_and_the_curves_and_event_files_are_there(tmp_path: Path) -> None:
    _, curves = _fit(tmp_path, _plan(max_steps=40))
    assert curves.loss[-1][1] < curves.loss[0][1]  # type: ignore[attr-defined]
    assert [step for step, _ in curves.validation] == list(range(4, 41, 4))  # type: ignore[attr-defined]
    assert list((tmp_path / "tensorboard").glob("events.out.tfevents.*"))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    runs = [_fit(tmp_path / name, replace(_plan(), seed=seed))[0] for name, seed in [("a", 1), ("b", 1), ("c", 2)]]
    assert torch.equal(runs[0].line.weight, runs[1].line.weight)
    assert not torch.equal(runs[0].line.weight, runs[2].line.weight)


@pytest.mark.parametrize(
    "task", [{"optimiser": "sgd", "learning_rate": 0.01}, {"accumulation": 2}, {"weight_decay": 0.5}]
)
def test_the_settings_of_a_task_reach_the_optimiser(task: dict[str, object], tmp_path: Path) -> None:
    plain, _ = _fit(tmp_path / "plain", _plan())
    other, curves = _fit(tmp_path / "other", _plan(**task))
    assert not torch.equal(plain.line.weight, other.line.weight)
    assert curves.last_step == 12  # type: ignore[attr-defined]


def test_a_run_stops_early_and_keeps_the_weights_that_validated_best(tmp_path: Path) -> None:
    told = iter([0.1, 0.9, 0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1])
    seen: list[torch.Tensor] = []
    line = Line()

    def validate() -> float:
        seen.append(line.line.weight.detach().clone())
        return next(told)

    plan = _plan(max_steps=40, patience=2)
    curves = fit(line, Points(40), plan, tmp_path, validate=validate, watched="told", progress=SilentProgress())
    assert (curves.best_step, curves.last_step) == (8, 16)
    assert torch.equal(line.line.weight, seen[1])


def test_a_checkpoint_holds_only_what_moves(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    _fit(tmp_path, _plan())
    found = last_complete(tmp_path / "checkpoints")
    assert found is not None
    assert set(load_file(found / "model.safetensors")) == {"line.weight", "line.bias"}


RUN = """
import sys, time
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, {here!r})
import test_trainer as t

def slow(): time.sleep({pause}); return 1.0
plan = replace(t._plan(max_steps=24, patience=99), **{averaging})
line, curves = t._fit(Path(sys.argv[1]), plan, {watch})
print(curves.resumed_from, *[repr(v) for v in line.line.weight.flatten().tolist()])
"""


def _process(folder: Path, *, pause: float, averaging: dict[str, object]) -> subprocess.Popen[str]:
    code = RUN.format(here=str(Path(__file__).parent), pause=pause, watch="slow", averaging=averaging)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(folder)], stdout=subprocess.PIPE, text=True, env=environment
    )


def _is_written(state: Path) -> bool:
    """Returns whether the file holds all of its JSON: it is there, and empty, a moment before it does."""
    try:
        return bool(json.loads(state.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


@pytest.mark.slow
@pytest.mark.parametrize("averaging", [{}, {"ema": 0.9}, {"checkpoints": 3, "soup": "uniform"}])
def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path, averaging: dict[str, object]) -> None:
    straight = _process(tmp_path / "straight", pause=0.0, averaging=averaging).communicate(timeout=240)[0].split()
    killed = _process(tmp_path / "killed", pause=0.5, averaging=averaging)
    checkpoints = tmp_path / "killed" / "checkpoints"
    while killed.poll() is None and not _is_written(checkpoints / "checkpoint-8" / "trainer_state.json"):
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)
    resumed = _process(tmp_path / "killed", pause=0.0, averaging=averaging).communicate(timeout=240)[0].split()
    assert int(resumed[0]) >= 8 and int(straight[0]) == 0
    assert resumed[1:] == straight[1:]


def test_half_a_checkpoint_is_removed_and_the_whole_one_before_it_taken_up(tmp_path: Path) -> None:
    _fit(tmp_path, _plan())
    whole = last_complete(tmp_path / "checkpoints")
    torn = tmp_path / "checkpoints" / "checkpoint-99"
    torn.mkdir()
    (torn / "model.safetensors").write_bytes(b"torn")
    assert last_complete(tmp_path / "checkpoints") == whole
    assert not torn.exists()


def test_another_plan_does_not_take_up_the_checkpoints(tmp_path: Path) -> None:
    _fit(tmp_path, _plan())
    assert last_complete(take_up(tmp_path / "checkpoints", "another run")) is None


def test_nothing_to_learn_from_and_a_loss_that_is_no_number_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no examples"):
        fit(Line(), Points(0), _plan(), tmp_path, validate=lambda: 0.0, watched="w", progress=SilentProgress())
    with pytest.raises(ModelError, match=r"at step \d+, batch \d+"):
        _fit(tmp_path, _plan(learning_rate=1e30, optimiser="sgd"), lambda: 0.0)


class Narrow(Line):
    """Runs out of memory when a batch has more than one row, as a card would."""

    divisible = True

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
        if len(x) > 1:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return super().forward(x, y)


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def test_a_batch_that_memory_does_not_hold_is_learned_in_parts_with_the_same_gradient(tmp_path: Path) -> None:
    fits, narrow, notes = Line(), Narrow(), Notes()
    fits.dropout.p = narrow.dropout.p = 0.0
    for name, line in (("fits", fits), ("narrow", narrow)):
        plan = _plan(max_steps=5)
        fit(line, Points(5), plan, tmp_path / name, validate=lambda: 0.0, watched="w", progress=notes)
    torch.testing.assert_close(fits.line.weight, narrow.line.weight)
    assert any("1 at a time" in said for said in notes.said)


def test_a_batch_that_must_stay_whole_says_so(tmp_path: Path) -> None:
    class Whole(Narrow):
        divisible = False

    with pytest.raises(ModelError, match="must stay whole"):
        fit(Whole(), Points(2), _plan(), tmp_path, validate=lambda: 0.0, watched="w", progress=SilentProgress())


def test_validation_works_on_the_processor_and_learning_goes_on_where_it_was(tmp_path: Path) -> None:
    """What numpy cannot read, a tensor on a card, never reaches it: the model is brought to the processor and back."""
    moves: list[str] = []

    class Moved(Line):
        def to(self, *args: object, **kwargs: object) -> Moved:
            moves.append(str(args[0]))
            return super().to(*args, **kwargs)  # type: ignore[call-overload,no-any-return]

    def validate() -> float:
        moves.append("validated")
        return 0.0

    plan = _plan(max_steps=4)
    fit(Moved(), Points(plan.batches), plan, tmp_path, validate=validate, watched="w", progress=SilentProgress())
    place = moves.index("validated")
    assert moves[place - 1] == "cpu"
    assert torch.device(moves[place + 1]).type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert moves[-1] == "cpu"
    assert len(moves) >= place + 3


def test_a_single_row_that_memory_does_not_hold_is_an_error(tmp_path: Path) -> None:
    class Never(Narrow):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> dict[str, torch.Tensor]:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(ModelError, match="single example"):
        fit(Never(), Points(2), _plan(), tmp_path, validate=lambda: 0.0, watched="w", progress=SilentProgress())


@pytest.mark.parametrize("optimiser", ["adamw", "sgd", "adafactor"])
@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant"])
def test_every_optimiser_learns_under_every_schedule(tmp_path: Path, optimiser: str, schedule: str) -> None:
    plan = _plan(max_steps=30, optimiser=optimiser, schedule=schedule)
    _, curves = _fit(tmp_path, plan)
    assert curves.validation[-1][1] > curves.validation[0][1]  # type: ignore[attr-defined]


def test_bf16_is_used_only_where_the_processor_multiplies_it(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nflags\t\t: fpu avx2 avx512_bf16 avx512f\n")
    assert processor_has_bf16(cpuinfo)
    cpuinfo.write_text("processor : 0\nflags\t\t: fpu avx2 avx512f\nbugs : amx_bf16\n")
    assert not processor_has_bf16(cpuinfo)
    assert not processor_has_bf16(tmp_path / "absent")
