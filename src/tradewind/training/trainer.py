"""One run of the transformers Trainer: a plan, an objective and its batches in, tuned weights and curves out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.tensorboard import SummaryWriter
from transformers import EarlyStoppingCallback, TrainingArguments, set_seed
from transformers.integrations.integration_utils import TensorBoardCallback
from transformers.trainer_callback import PrinterCallback

from tradewind.errors import ModelError
from tradewind.telemetry import Progress
from tradewind.training import ranks
from tradewind.training.averaging.soup import Ingredient, make_soup
from tradewind.training.checkpoints import last_complete, take_up
from tradewind.training.elsewhere import learn_elsewhere
from tradewind.training.hardware import compute_again, precision_here, require, trainer_arguments
from tradewind.training.job import Job, take_in
from tradewind.training.plan import Plan
from tradewind.training.runner import Batch, Lazy, Report, Runner
from tradewind.training.sharding import require_whole, validate_whole, whole_copy
from tradewind.training.tuning import attending
from tradewind.training.watching import Relay, Start, announce, conclude, watchers

OPTIMISERS: Final = {"adamw": "adamw_torch", "sgd": "sgd", "adafactor": "adafactor"}
SCHEDULES: Final = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


class Batches(Protocol):
    """The batches of a run in the order they are read, made when asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int) -> Batch: ...


class Objective(nn.Module):
    """A model together with what it is trained for: `forward(**batch)` returns {"loss": scalar tensor}.

    Its state is only what moves, so that a checkpoint does not repeat the frozen word table. `divisible` says that the
    loss is a mean over rows, so that a batch too large for memory may be learned in parts.
    """

    divisible = False

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """Returns the parameters that require a gradient, by name."""
        moving = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
        return {name: value for name, value in super().state_dict(*args, **kwargs).items() if name in moving}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Takes in what `state_dict` gave; a parameter that stays put is not missing from it."""
        result = super().load_state_dict(state_dict, strict=False, assign=assign)
        moving = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
        kept = [name for name in result.missing_keys if name in moving]
        if strict and (kept or result.unexpected_keys):
            raise ModelError(f"a checkpoint of another model: {[*kept, *result.unexpected_keys][:3]}")
        return type(result)(kept, result.unexpected_keys)


@dataclass(frozen=True, slots=True)
class Curves:
    """What a run looked like: (step, value) pairs, and as `best_step` the step whose weights were kept."""

    loss: tuple[tuple[int, float], ...]
    validation: tuple[tuple[int, float], ...]
    watched: str
    best_step: int
    last_step: int
    resumed_from: int = 0
    precision: str = field(default="fp32")
    averaged: tuple[int, ...] = ()
    """The steps whose checkpoints were averaged in the end; none where one was kept."""


def fit(
    objective: Objective,
    batches: Batches,
    plan: Plan,
    folder: Path,
    *,
    validate: Callable[[], float],
    watched: str,
    progress: Progress,
    identity: str = "",
) -> Curves:
    """Trains `objective` in place and returns its curves; it ends with the weights that validated best.

    `validate` returns the watched metric, higher is better. Checkpoints lie in `folder`/checkpoints and are taken up
    when the same plan and `identity` (a hash of the examples) come again after an interruption; TensorBoard's event
    files lie in `folder`/tensorboard. Raises ModelError when there is nothing to learn from or the loss is no number.
    """
    if not len(batches):
        raise ModelError("there are no examples to learn from")
    require(plan.resources)
    if plan.resources.sharding == "fsdp":
        require_whole(plan)
    announce(Start(objective, batches, plan, watched))
    job = Job(objective, batches, plan, folder, validate, watched, identity)
    if not plan.resources.elsewhere:
        return conclude(learn(job, progress))
    outcome = learn_elsewhere(job, progress)
    take_in(objective, outcome.state)
    return conclude(outcome.curves)


def learn(job: Job, progress: Progress) -> Curves:
    """Trains the job's objective in place and returns its curves, in this process: alone, or as one of a group."""
    objective, plan = job.objective, job.plan
    set_seed(plan.seed)
    torch.set_num_threads(max(1, plan.threads // plan.resources.processes))
    checkpoints = take_up(job.folder / "checkpoints", plan.fingerprint(job.identity))
    last = last_complete(checkpoints, ranks.count())
    if plan.resources.gradient_checkpointing:
        compute_again(objective, progress)
    progress.start("learning", plan.steps)
    progress.advance(_step_of(last))
    parted = plan.resources.sharding == "fsdp"
    whole = whole_copy(job) if parted else None
    trainer = _trainer(job, checkpoints, _step_of(last), progress)
    if parted:
        validate_whole(trainer, job, whole)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    if trainer.average and not trainer.state.best_model_checkpoint:
        trainer.average.keep()
    objective.to("cpu")
    curves = _curves(trainer.state, job.watched, last, precision_here(plan.resources.precision))
    if plan.checkpoints > 1:
        curves = _last_checkpoints(job, curves, checkpoints)
    return curves


def forget(folder: Path) -> None:
    """Removes the checkpoints of a run whose result is safe elsewhere."""
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def _trainer(job: Job, checkpoints: Path, begun: int, progress: Progress) -> Runner:
    plan, first = job.plan, ranks.rank() == 0
    trainer = Runner(
        job.validate,
        job.watched,
        progress,
        begun * plan.accumulation + ranks.rank(),
        model=job.objective,
        args=_arguments(job, checkpoints),
        train_dataset=Lazy(job.batches),
        eval_dataset=Lazy(job.batches),
        data_collator=_only,
        callbacks=[
            Report(progress),
            EarlyStoppingCallback(early_stopping_patience=plan.patience),
            *([_board(job.folder)] if first else []),
            *attending(job.objective, plan.steps),
            *([Relay(job.watched)] if first and watchers() else []),
        ],
    )
    trainer.remove_callback(PrinterCallback)
    if plan.ema:
        trainer.average_weights(plan.ema)
    return trainer


def _board(folder: Path) -> TensorBoardCallback:
    return TensorBoardCallback(SummaryWriter(str(folder / "tensorboard")))  # type: ignore[no-untyped-call]


def _last_checkpoints(job: Job, curves: Curves, checkpoints: Path) -> Curves:
    """Leaves the mean of the best and the last checkpoints in the job's objective."""
    score = dict(curves.validation)
    steps = sorted(step for path in checkpoints.glob("checkpoint-*") if (step := _step_of(path)) in score)
    found = [
        Ingredient(load_file(checkpoints / f"checkpoint-{step}" / "model.safetensors"), score[step]) for step in steps
    ]
    job.objective.eval()
    made = make_soup(job.objective, found, job.plan.soup, lambda: ranks.from_first(job.validate))
    return replace(curves, averaged=tuple(steps[place] for place in made.taken))


def _arguments(job: Job, checkpoints: Path) -> TrainingArguments:
    plan = job.plan
    return TrainingArguments(
        output_dir=str(checkpoints),
        max_steps=plan.steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=plan.accumulation // ranks.count(),
        learning_rate=plan.learning_rate,
        weight_decay=plan.weight_decay,
        optim=OPTIMISERS[plan.optimiser],
        optim_args="momentum=0.9" if plan.optimiser == "sgd" else None,
        lr_scheduler_type=SCHEDULES[plan.schedule],
        warmup_steps=round(plan.warmup * plan.steps),
        eval_strategy="steps",
        eval_steps=plan.evaluate_every,
        save_strategy="steps",
        save_steps=plan.evaluate_every,
        save_total_limit=plan.checkpoints,
        load_best_model_at_end=True,
        metric_for_best_model=f"eval_{job.watched}",
        greater_is_better=True,
        logging_steps=1,
        logging_nan_inf_filter=False,
        report_to="none",
        seed=plan.seed + ranks.rank(),  # each process has its own dropout
        data_seed=plan.seed,
        disable_tqdm=True,
        remove_unused_columns=False,
        label_names=[],
        **trainer_arguments(plan.resources, job.objective),
    )


def _step_of(checkpoint: Path | None) -> int:
    return int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0


def _only(items: Sequence[Batch]) -> Batch:
    return items[0]


def _curves(state: Any, watched: str, last: Path | None, precision: str) -> Curves:
    history: list[dict[str, float]] = state.log_history
    name = f"eval_{watched}"
    return Curves(
        loss=tuple((int(row["step"]), float(row["loss"])) for row in history if "loss" in row),
        validation=tuple((int(row["step"]), float(row[name])) for row in history if name in row),
        watched=watched,
        best_step=int(state.best_global_step or state.global_step),
        last_step=int(state.global_step),
        resumed_from=_step_of(last),
        precision=precision,
    )
