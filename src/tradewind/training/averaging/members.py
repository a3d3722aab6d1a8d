"""Several runs that differ in their seed alone, made into one model: a soup of weights, or a vote that is taught."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tradewind.errors import ConfigError
from tradewind.models.pretrained import Checkpoint
from tradewind.training.averaging.distilled import Distilled
from tradewind.training.averaging.soup import Ingredient, make_soup
from tradewind.training.interpolation import copy_of
from tradewind.training.plan import Plan
from tradewind.training.supervised.run import FineTuned, outputs_of
from tradewind.training.supervised.task import TextTask

Combine = Literal["greedy", "uniform", "vote"]
Outputs = list[npt.NDArray[np.float32]]
Run = Callable[[TextTask, Plan, Path], FineTuned]
"""A run of `fine_tune` with everything but its task, plan and folder given."""


@dataclass(frozen=True, slots=True)
class Vote(FineTuned):
    """The mean of several models' outputs; it costs as much as all of them, and is measured, never served."""

    members: tuple[FineTuned, ...] = ()

    def outputs(self, examples: Any) -> Outputs:
        """Returns the mean of the members' outputs, (k,) an example."""
        each = [member.outputs(examples) for member in self.members]
        return [np.mean(same, axis=0, dtype=np.float32) for same in zip(*each, strict=True)]

    def save(self, checkpoint: Checkpoint, folder: Path) -> Path:
        """Raises ConfigError: several models have no one form on disk."""
        raise ConfigError(f"a vote of {len(self.members)} models cannot be served", hint="teach it to one model")


@dataclass(frozen=True, slots=True)
class Combined:
    """The model that several runs became, the others to be shown beside it by name, and what is worth saying."""

    done: FineTuned
    others: Mapping[str, FineTuned]
    notes: Sequence[str]


def combined(
    task: TextTask, plan: Plan, validated: Any, out: Path, run: Run, *, members: int, combine: Combine
) -> Combined:
    """Returns one model made of `members` runs with the seeds plan.seed, plan.seed + 1, and so on.

    They begin with the same weights, so that their mean lies in the same valley (Wortsman et al., ICML 2022).
    `greedy` and `uniform` are soups. `vote` teaches the mean of all outputs to one more run: what is served costs what
    one model costs. Each run lies in a folder of `out`. Raises ConfigError for a vote over single words.
    """
    done = [
        run(task, replace(plan, seed=plan.seed + number), out / f"member-{number + 1}") for number in range(members)
    ]
    watched = next(iter(done[0].tuned))
    best = max(done, key=lambda one: one.tuned[watched])
    scores = ", ".join(f"{one.tuned[watched]:.4f}" for one in done)
    said = f"{members} runs with the seeds {plan.seed} to {plan.seed + members - 1}: {watched} {scores} on validation"
    others: dict[str, FineTuned] = {f"best of {members} runs": best}
    if combine == "vote":
        vote = Vote(task, best.model, best.curves, best.untuned, best.tuned, tuple(done))
        taught = replace(run(Distilled(task, vote.outputs), plan, out), task=task)
        others[f"vote of {members} runs"] = vote
        after = taught.tuned[watched]
        return Combined(taught, others, (f"{said}; {after:.4f} for the model that their vote was taught to.",))
    soup, taken = souped(task, done, best, validated, combine)
    found = f"{said}; {soup.tuned[watched]:.4f} for the mean of {len(taken)} of them."
    return Combined(soup, others, (found,))


def souped(
    task: TextTask, done: Sequence[FineTuned], best: FineTuned, validated: Any, combine: Literal["greedy", "uniform"]
) -> tuple[FineTuned, tuple[int, ...]]:
    """Returns the soup of `done`, chosen and measured on `validated`, and the places of those that are in it."""
    model = copy.deepcopy(best.model).eval()
    rows, watched = task.rows(validated, model.encoder), next(iter(best.tuned))

    def figures() -> dict[str, float]:
        return task.figures(outputs_of(model, rows), validated)

    found = [Ingredient(copy_of(one.model), one.tuned[watched]) for one in done]
    soup = make_soup(model, found, combine, lambda: figures()[watched])
    return replace(best, model=model, untuned=done[0].untuned, tuned=figures()), soup.taken
