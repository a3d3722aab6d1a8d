"""Tunes token vectors so that the mean of a text's tokens comes to where the teacher puts the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch

from tradewind.compression.static.bag import TokenBag, TokenBank
from tradewind.compression.static.table import TokenTable
from tradewind.compression.static.token_vectors import Floats
from tradewind.evaluation.agreement import first_overlap
from tradewind.tasks.scoring import Role
from tradewind.telemetry import Progress
from tradewind.training.distil.batches import distil_batches
from tradewind.training.distil.examples import DistilTexts
from tradewind.training.distil.objective import Distillation
from tradewind.training.distil.settings import DistilSettings
from tradewind.training.distil.teacher import Taught
from tradewind.training.plan import Plan
from tradewind.training.trainer import fit, forget

_FIRST: Final = 10


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned: the texts, the teacher's vectors of them by role, and their tokens."""

    texts: DistilTexts
    taught: Mapping[Role, Taught]
    tokens: Mapping[str, Sequence[int]]
    settings: DistilSettings

    @property
    def roles(self) -> list[Role]:
        """The roles in which texts are learned."""
        return list(self.texts.learned)

    @property
    def asked(self) -> Role:
        """The role in which held-out texts are asked."""
        return next(role for role in self.roles if self.texts.held_out[role])

    @property
    def passages(self) -> Floats:
        """The teacher's passages (m, d) in whose order both answer."""
        step = max(1, -(-len(self.texts.passages) // self.settings.compared))
        return np.array(self.taught["passage"].vectors[::step])


def tuned(
    lesson: Lesson, table: TokenTable, plan: Plan, work: Path, progress: Progress
) -> tuple[Floats, dict[str, Floats]]:
    """Returns the rows (v, d) of all tokens and the vectors (d,) of roles, as the texts tuned them.

    A run that was interrupted goes on from what lies in `work`. How near it came is said to `progress`.
    """
    means = np.stack([np.asarray(lesson.taught[role].vectors).mean(axis=0) for role in lesson.roles])
    bag, bank = TokenBag(table.start[table.seen], means), TokenBank(lesson.tokens, table.place, lesson.roles)
    held_out = lesson.texts.held_out[lesson.asked]
    theirs = lesson.taught[lesson.asked].of(held_out)
    passages = lesson.passages

    def first_ten() -> float:
        ours = bank.encode(held_out, lesson.asked, bag)
        return first_overlap(theirs @ passages.T, ours @ passages.T, _FIRST)

    before = first_ten()
    fit(
        Distillation(bag, 0, lesson.settings, torch.from_numpy(passages)),
        distil_batches(bank, lesson.texts.learned, lesson.taught, plan),
        plan,
        work,
        validate=first_ten,
        watched="first ten",
        progress=progress,
        identity=f"{lesson.texts.fingerprint()} {lesson.settings} {passages.shape}",
    )
    cosine = float((bank.encode(held_out, lesson.asked, bag) * theirs).sum(axis=1).mean())
    progress.note(
        f"      static student, held-out texts as {lesson.asked}: cosine {cosine:.3f}, {first_ten():.2f} of the "
        f"teacher's first ten kept ({before:.2f} before it was tuned)"
    )
    forget(work)
    roles = bag.roles.weight.detach().numpy().copy()
    return table.with_unseen(bag.tokens.weight.detach().numpy()), dict(zip(map(str, lesson.roles), roles, strict=True))
