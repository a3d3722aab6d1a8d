"""One distillation: a student of fewer parts learns the vectors of the encoder that it was cut out of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from tradewind.errors import ModelError
from tradewind.evaluation.agreement import first_overlap, rank_correlation
from tradewind.models.bi_encoder import load_bi_encoder, save_bi_encoder
from tradewind.runtime.role_map import read_role_map
from tradewind.tasks.scoring import Role
from tradewind.telemetry import Progress
from tradewind.training.distil.batches import distil_batches
from tradewind.training.distil.examples import DistilTexts, distil_texts
from tradewind.training.distil.objective import Distillation
from tradewind.training.distil.settings import DistilSettings
from tradewind.training.distil.teacher import Floats, Taught, Teacher, teacher_vectors
from tradewind.training.encoder_parts import cut_at, encoder_parts
from tradewind.training.plan import Plan
from tradewind.training.text_bank import TextBank
from tradewind.training.trainer import Curves, fit, forget

_FIRST = 10


@dataclass(frozen=True, slots=True)
class Distilled:
    """`folder`: the student's checkpoint, with the weights that validated best. `figures`: how near it came to the
    teacher on the texts held back, and how near it was before."""

    folder: Path
    curves: Curves
    figures: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What one run works with; `passages` (m, d) are the teacher's, in whose order both answer."""

    bank: TextBank
    texts: DistilTexts
    taught: Mapping[Role, Taught]
    passages: Floats

    def figures(self, model: nn.Module | None = None) -> dict[str, float]:
        """Returns cosines by role, and for the first role rank correlation and the share of the first ten kept."""
        found: dict[str, float] = {}
        for role, texts in self.texts.held_out.items():
            if texts:
                ours, theirs = self.bank.encode(texts, role, model), self.taught[role].of(texts)
                found |= {f"cosine {role}": float((ours * theirs).sum(axis=1).mean())}
                found |= {} if "first ten" in found else self._agreement(ours, theirs)
        return found

    def _agreement(self, ours: Floats, theirs: Floats) -> dict[str, float]:
        before, after = theirs @ self.passages.T, ours @ self.passages.T
        return {"first ten": first_overlap(before, after, _FIRST), "rank correlation": rank_correlation(before, after)}


def distil(
    teacher: Teacher,
    student: Path,
    texts: Sequence[str],
    plan: Plan,
    out: Path,
    *,
    progress: Progress,
    queries: Sequence[str] = (),
    passages: Taught | None = None,
    settings: DistilSettings | None = None,
) -> Distilled:
    """Returns the student, trained in `out`/student from the checkpoint `student`, and how near it came.

    `texts` are learned in all roles of the settings, `queries` as queries alone; a part of both is held back. The order
    that is learned is that of `passages`, or of the texts where no vectors of the teacher's are given. The weights kept
    are those of the step at which most of the teacher's first ten stood among the student's. An interrupted run goes on
    from its last checkpoint. Raises DataError for too few texts, ModelError when the student's vectors are of another
    width than the teacher's or the loss is no number.
    """
    settings = settings or DistilSettings()
    parted = distil_texts(texts, queries, settings)
    taught = _taught(teacher, parted, passages, out, plan, settings, progress)
    bench, objective = _prepared(student, parted, taught, plan, settings, teacher.prefixes)
    before = bench.figures()
    curves = fit(
        objective,
        distil_batches(bench.bank, bench.texts.learned, bench.taught, plan),
        plan,
        out,
        validate=lambda: bench.figures(objective.model)["first ten"],
        watched="first ten",
        progress=progress,
        identity=f"{bench.texts.fingerprint()} {student.resolve()} {settings}",
    )
    plan.tuning.finish(objective.model)
    figures = bench.figures() | {f"{name}, before": value for name, value in before.items()}
    encoder = bench.bank.encoder
    encoder.together = read_role_map(student, encoder.dimension)
    folder = save_bi_encoder(encoder, student, out / "student")
    forget(out)
    return Distilled(folder, curves, figures)


def _taught(
    teacher: Teacher,
    texts: DistilTexts,
    passages: Taught | None,
    out: Path,
    plan: Plan,
    settings: DistilSettings,
    progress: Progress,
) -> dict[Role, Taught]:
    """Returns the teacher's vectors of all that is learned, and of the passages whose order is compared."""
    asked = texts.by_role()
    if passages is None and "passage" not in asked:
        asked["passage"] = _spread(texts.passages, settings.compared)
    found = teacher_vectors(teacher, asked, out / "teacher", settings.max_tokens, progress, plan.threads)
    return found if passages is None else found | {"passage": passages}


def _prepared(
    student: Path,
    texts: DistilTexts,
    taught: Mapping[Role, Taught],
    plan: Plan,
    settings: DistilSettings,
    prefixes: Mapping[str, str],
) -> tuple[_Bench, Distillation]:
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    encoder = load_bi_encoder(student, prefixes=prefixes, max_tokens=settings.max_tokens, dropout=plan.dropout)
    encoder.together = None
    _require_width(encoder.dimension, taught)
    depth = len(encoder.blocks)
    moving = min(depth, settings.blocks or depth)
    bank = TextBank(encoder, cut_at(encoder, moving))
    for role, found in texts.by_role().items():
        bank.add(found, role)
    passages = _compared(taught, settings)
    active = plan.tuning.prepare(encoder, encoder_parts(encoder, moving))
    return _Bench(bank, texts, taught, passages), Distillation(active, bank.cut, settings, torch.from_numpy(passages))


def _compared(taught: Mapping[Role, Taught], settings: DistilSettings) -> Floats:
    found = taught["passage"]
    return found.of(_spread(found.texts, settings.compared))


def _spread(texts: tuple[str, ...], most: int) -> tuple[str, ...]:
    return texts[:: max(1, -(-len(texts) // most))]


def _require_width(dimension: int, taught: Mapping[Role, Taught]) -> None:
    wanted = next(iter(taught.values())).vectors.shape[1]
    if dimension != wanted:
        raise ModelError(f"a student of {dimension} dimensions cannot learn vectors of {wanted}")
