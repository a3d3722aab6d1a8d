"""Where candidates are made: the original, the texts it is calibrated and taught by, and the students already made."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tradewind.compression.export import cut_bundle, export_encoder
from tradewind.compression.search.candidate import Candidate, Form, Outline, Technique
from tradewind.models.checkpoint import read_weights
from tradewind.runtime.bundle import Role
from tradewind.telemetry import Progress, SilentProgress

ROLES: Final[tuple[Role, ...]] = ("query", "passage", "together")
STEPS_A_MINUTE: Final = 10
STEPS: Final = (20, 600)
"""A student learns for so many steps at least and at most."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """`original` is a whole checkpoint; what learns is kept in `folder`, and taken from there the next time.

    `texts` are what students learn from, `calibration` what integers are scaled by; no question may be among them.
    """

    original: Path
    folder: Path
    prefixes: Mapping[str, str]
    max_tokens: int
    texts: Sequence[str]
    calibration: Sequence[str]
    minutes: float = 30.0
    seed: int = 13
    threads: int = 1
    progress: Progress = field(default_factory=SilentProgress)

    @property
    def outline(self) -> Outline:
        """The measures of the original. Raises ModelError."""
        return Outline.of(read_weights(self.original).config)

    @property
    def steps(self) -> int:
        """For how many steps a student learns."""
        least, most = STEPS
        return int(min(max(self.minutes * STEPS_A_MINUTE, least), most))

    def lesson(self, technique: Technique) -> str:
        """Returns what two results of a technique that learns are told apart by; nothing for one that does not."""
        return f"{self.steps} steps, seed {self.seed}" if technique.trains else ""

    def make(self, candidate: Candidate, out: Path) -> Path:
        """Returns `out`, the bundle of a candidate, cut to its dimension. Raises TradewindError where it cannot be."""
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        bundle = candidate.technique.make(self, candidate.form, out)
        cut_bundle(bundle, candidate.dimension)
        return bundle

    def exported(self, checkpoint: Path, form: Form, out: Path) -> Path:
        """Returns `out`, a bundle of `checkpoint` in a form."""
        calibration = self.calibration if form.precision == "int8-static" else ()
        return export_encoder(
            checkpoint, out, self.prefixes, self.max_tokens, form.precision, calibration, form.runtime
        )

    def student(self, technique: Technique, make: Callable[[Path], Path]) -> Path:
        """Returns the folder of a technique's student; `make` makes it in the folder that it is given, once.

        What `make` leaves there when it is interrupted is still there the next time.
        """
        told = f"{technique!r} {self.lesson(technique)}"
        place = self.folder / "students" / hashlib.sha256(told.encode()).hexdigest()[:16]
        if not place.is_dir():
            making = place.with_name(f"{place.name}.making")
            making.mkdir(parents=True, exist_ok=True)
            made = make(making)
            shutil.copytree(made, place.with_name(f"{place.name}.made"), dirs_exist_ok=True)
            place.with_name(f"{place.name}.made").replace(place)
            shutil.rmtree(making)
        return place

    def distilled(self, student: Path, out: Path) -> Path:
        """Returns the checkpoint `student` after it learned the original's vectors, made in the folder `out`.

        Raises DataError for too few texts.
        """
        from tradewind.training.distil.run import distil
        from tradewind.training.distil.settings import DistilSettings, distil_plan
        from tradewind.training.distil.teacher import TeacherFolder

        self._share_teacher(out)
        return distil(
            TeacherFolder(self.original, self.prefixes),
            student,
            self.texts,
            distil_plan(self.steps, seed=self.seed, threads=self.threads),
            out,
            progress=self.progress,
            settings=DistilSettings(roles=self._roles, max_tokens=self.max_tokens),
        ).folder

    def static(self, dimension: int, out: Path) -> Path:
        """Returns `out`, the bundle of static token vectors that learned the original's vectors.

        Raises DataError for too few texts.
        """
        from tradewind.compression.static.student import StaticSettings, static_student
        from tradewind.training.distil.settings import DistilSettings
        from tradewind.training.distil.teacher import TeacherFolder

        self._share_teacher(out.with_name(f"{out.name}.work"))
        distil = DistilSettings(roles=self._roles, max_tokens=self.max_tokens)
        return static_student(
            TeacherFolder(self.original, self.prefixes),
            self.texts,
            out,
            dimension=dimension,
            seed=self.seed,
            progress=self.progress,
            settings=StaticSettings(threads=self.threads, distil=distil),
        )

    @property
    def _roles(self) -> tuple[Role, ...]:
        return tuple(role for role in ROLES if role in self.prefixes)

    def _share_teacher(self, run: Path) -> None:
        """What the original says to the texts is the same for all students: their runs keep it in one place."""
        shared = self.folder / "teacher"
        shared.mkdir(parents=True, exist_ok=True)
        run.mkdir(parents=True, exist_ok=True)
        if not (run / "teacher").exists():
            (run / "teacher").symlink_to(shared.resolve(), target_is_directory=True)
