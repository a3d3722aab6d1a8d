"""One supervised run: a task, its examples, a plan and a method in; a tuned model and its curves out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tradewind.errors import DataError
from tradewind.models.bi_encoder import load_bi_encoder, save_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel, save_text_head
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training.encoder_parts import cut_at, encoder_parts, moving_blocks
from tradewind.training.plan import Plan
from tradewind.training.supervised.batches import RowBatches
from tradewind.training.supervised.objective import Penalty, Supervised, Terms
from tradewind.training.supervised.states import BATCH, RowStates
from tradewind.training.supervised.task import Rows, TextTask
from tradewind.training.trainer import Curves, fit, forget
from tradewind.training.tuning import TuningMethod

_STATES: Final = "states.npy"
_WATCHED: Final = "validation.npy"
CONE_ROWS = 2048
"""Rows from which centre and spread of the features are taken."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How much of the encoder moves (`blocks` from the top; the method may move less), how long texts may be, what
    is added to the loss, and what sets the head's first weights, which are 0 without it.

    `hold` makes a further term of the loss from the model as it begins. `marks` tell this run from others over the
    same examples, so that it does not take up their checkpoints.
    """

    blocks: int = 12
    max_tokens: int = 64
    terms: Terms = field(default=Terms())
    start: Callable[[TextModel], None] | None = None
    hold: Callable[[nn.Module], Penalty] | None = None
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FineTuned:
    """A tuned model, what its run looked like, and the watched figure before and after."""

    task: TextTask
    model: TextModel
    curves: Curves
    untuned: dict[str, float]
    tuned: dict[str, float]

    def outputs(self, examples: Any) -> list[npt.NDArray[np.float32]]:
        """Returns the model's outputs, (k,) or (tokens, k) an example."""
        return outputs_of(self.model, self.task.rows(examples, self.model.encoder))

    def save(self, checkpoint: Checkpoint, folder: Path) -> Path:
        """Writes the encoder as a Hugging Face folder with the head beside it, and returns it."""
        save_bi_encoder(self.model.encoder, checkpoint.folder, folder)
        save_text_head(self.model, folder)
        return folder


def fine_tune(
    task: TextTask,
    checkpoint: Checkpoint,
    examples: tuple[Any, Any],
    plan: Plan,
    out: Path,
    *,
    settings: RunSettings | None = None,
    progress: Progress | None = None,
) -> FineTuned:
    """Tunes an encoder on `examples`, (to learn from, to validate on), and returns it with its best weights.

    Works in `out`: checkpoints, from which an interrupted run goes on, and TensorBoard's event files.
    Raises DataError when there is nothing to learn from or to validate on, ConfigError for a method that does not fit.
    """
    settings, progress = settings or RunSettings(), progress or SilentProgress()
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    made = _prepared(task, checkpoint, examples, (plan, settings), out, progress)

    def validate() -> dict[str, float]:
        return task.figures(_outputs(made.active, made.watched), examples[1])

    untuned = validate()
    name = next(iter(untuned))
    curves = fit(
        made.objective(task, settings),
        RowBatches(made.states, made.learned, plan),
        plan,
        out,
        validate=lambda: validate()[name],
        watched=name,
        progress=progress,
        identity=_identity(task, made.learned, settings),
    )
    tuned = validate()
    made.tuning.finish(made.active)
    forget(out)
    for file in (_STATES, _WATCHED):
        (out / file).unlink(missing_ok=True)
    return FineTuned(task, made.model, curves, untuned, tuned)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A model that is ready to learn: `active` is what its method trains, from the states below block `cut` on."""

    model: TextModel
    active: nn.Module
    tuning: TuningMethod
    cut: int
    learned: Rows
    states: RowStates
    watched: RowStates

    def objective(self, task: TextTask, settings: RunSettings) -> Supervised:
        """Returns what the trainer brings down."""
        return Supervised(
            self.active,
            self.model.encoder,
            task,
            self.cut,
            settings.terms,
            divisible=self.learned.groups is None,
            penalty=settings.hold(self.active) if settings.hold else None,
        )


def _prepared(
    task: TextTask,
    checkpoint: Checkpoint,
    examples: tuple[Any, Any],
    planned: tuple[Plan, RunSettings],
    out: Path,
    progress: Progress,
) -> _Prepared:
    plan, settings = planned
    encoder = load_bi_encoder(
        checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=settings.max_tokens, dropout=plan.dropout
    )
    learned, validated = (task.rows(side, encoder) for side in examples)
    _require(learned, validated, task)
    tuning = plan.tuning
    moving = moving_blocks(encoder, tuning, settings.blocks)
    model = TextModel(encoder, task.outputs, tokenwise=task.tokenwise, dropout=plan.dropout)
    cut = len(encoder.blocks) if plan.method == "head" and encoder.can_cut else cut_at(encoder, moving)
    states = RowStates(encoder, learned.ids, cut, out / _STATES, progress)
    watched = RowStates(encoder, validated.ids, cut, out / _WATCHED, progress)
    model.fit_cone(_features(model, states))
    if settings.start:
        settings.start(model)
    active = tuning.prepare(model, encoder_parts(encoder, moving, prefix="encoder.", head=("head",)))
    return _Prepared(model, active, tuning, cut, learned, states, watched)


def outputs_of(model: TextModel, rows: Rows) -> list[npt.NDArray[np.float32]]:
    """Returns the outputs of `model` for each row: (k,), or (tokens, k) where it reads tokens."""
    return _outputs(model, RowStates(model.encoder, rows.ids, 0, Path(), SilentProgress()))


@torch.no_grad()
def _outputs(model: nn.Module, states: RowStates) -> list[npt.NDArray[np.float32]]:
    model.eval()
    found: list[npt.NDArray[np.float32]] = [np.empty(0, np.float32)] * len(states)
    for rows in states.in_batches():
        outputs = model(*states.batch(rows), states.cut).float().numpy()
        for row, output in zip(rows, outputs, strict=True):
            found[row] = output if output.ndim == 1 else output[: states.lengths[row]]
    return found


@torch.no_grad()
def _features(model: TextModel, states: RowStates) -> npt.NDArray[np.float32]:
    """Returns the features of some rows, one line a text or a token, spread over all lengths."""
    model.eval()
    order = np.argsort(states.lengths, kind="stable")[:: max(1, len(states) // CONE_ROWS)]
    found = []
    for start in range(0, len(order), BATCH):
        inputs, mask = states.batch(order[start : start + BATCH])
        features = model.features(inputs, mask, states.cut)
        found.append((features[mask] if model.tokenwise else features).float().numpy())
    return np.concatenate(found)


def _require(learned: Rows, validated: Rows, task: TextTask) -> None:
    for rows, what in ((learned, "learn from"), (validated, "validate on")):
        if not len(rows):
            raise DataError(f"{task.name} has no examples to {what}")


def _identity(task: TextTask, rows: Rows, settings: RunSettings) -> str:
    """Returns a hash of the task and all its rows, so that a checkpoint is only taken up by the run that made it."""
    made = [task.name, settings.blocks, settings.max_tokens, settings.terms, *settings.marks]
    digest = hashlib.sha256(repr(made).encode())
    for row in rows.ids:
        digest.update(np.asarray(row, np.int64).tobytes())
    for name, target in rows.targets.items():
        digest.update(name.encode())
        values: Sequence[Any] = [target] if isinstance(target, np.ndarray) else target
        for value in values:
            digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()
