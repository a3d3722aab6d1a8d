"""Distils an encoder into static token vectors: out of its own vectors of tokens, tuned on the vectors of texts.

What Model2Vec does (Tulkens and van Dongen, "Model2Vec: Fast State-of-the-Art Static Embeddings", 2024), with a
regression after it on the shop's own texts: the order of words is lost, what the shop's words mean together is learned.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from tradewind.compression.static.bundle import write_static
from tradewind.compression.static.regression import Lesson, tuned
from tradewind.compression.static.table import first_table, tokens_of
from tradewind.compression.static.token_vectors import Floats, principal_axes, unit
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.tasks.scoring import Role
from tradewind.telemetry import Progress, SilentProgress
from tradewind.training.distil.examples import distil_texts
from tradewind.training.distil.settings import DistilSettings, distil_plan
from tradewind.training.distil.teacher import Taught, Teacher, teacher_vectors
from tradewind.training.plan import Plan

_WORK: Final = ".work"


@dataclass(frozen=True, slots=True)
class StaticSettings:
    """How a static student learns.

    `read_tokens` of the vocabulary are read by the teacher, those of the texts first; the others get their vector from
    a linear map of the teacher's word table. `steps` of `batch_size` texts follow. `distil` says what they weigh.
    """

    read_tokens: int = 20_000
    steps: int = 1500
    batch_size: int = 128
    learning_rate: float = 5e-3
    threads: int = 1
    distil: DistilSettings = field(default_factory=DistilSettings)

    def plan(self, seed: int) -> Plan:
        """Returns the plan of the regression; nothing draws a row towards zero but the texts themselves."""
        plan = distil_plan(
            self.steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            seed=seed,
            threads=self.threads,
        )
        return replace(plan, weight_decay=0.0)


def static_student(
    teacher: Teacher,
    texts: Sequence[str],
    out: Path,
    *,
    dimension: int | None = None,
    seed: int = 13,
    progress: Progress | None = None,
    queries: Sequence[str] = (),
    settings: StaticSettings | None = None,
) -> Path:
    """Returns `out`, a bundle for `runtime.static_encoder.StaticEncoder`, learned from the teacher's vectors.

    `texts` are learned in all roles of the settings, `queries` as queries alone; a part of both is held back, and the
    step is kept at which most of the teacher's first ten stood among the student's. `dimension`: the width of its
    vectors, the teacher's where left out, so that they can be searched in an index of the teacher's. A run that was
    interrupted goes on. Raises ConfigError for a width that the teacher has not got, DataError for too few texts.
    """
    settings, progress = settings or StaticSettings(), progress or SilentProgress()
    work = out.with_name(out.name + _WORK)
    encoder = load_bi_encoder(teacher.folder, prefixes=teacher.prefixes, max_tokens=settings.distil.max_tokens)
    width = dimension or encoder.dimension
    if not 1 <= width <= encoder.dimension:
        raise ConfigError(f"vectors of {encoder.dimension} cannot be cut to {width}")
    parted = distil_texts(texts, queries, settings.distil)
    asked = parted.by_role() | {"passage": parted.passages}
    taught = _narrowed(teacher_vectors(teacher, asked, work / "teacher", settings.distil.max_tokens, progress), width)
    tokens = tokens_of(encoder, [text for found in asked.values() for text in found])
    table = first_table(encoder, tokens, taught.axes, settings.read_tokens, progress)
    lesson = Lesson(parted, taught.by_role, tokens, settings.distil)
    rows, roles = tuned(lesson, table, settings.plan(seed), work, progress)
    write_static(out, rows, roles, teacher.folder, settings.distil.max_tokens)
    shutil.rmtree(work, ignore_errors=True)
    return out


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """The teacher's vectors on fewer `axes` (d, width), of length 1 again."""

    axes: Floats
    by_role: Mapping[Role, Taught]


def _narrowed(taught: Mapping[Role, Taught], width: int) -> _Narrowed:
    axes = principal_axes(np.concatenate([np.asarray(found.vectors) for found in taught.values()]), width)
    by_role = {
        role: Taught(found.texts, unit(np.asarray(found.vectors @ axes, np.float32)), found.rows)
        for role, found in taught.items()
    }
    return _Narrowed(axes, by_role)
