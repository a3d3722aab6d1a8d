"""One run of item-level `next_item`: a model of ids, one of text, their average, and what each is worth."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tradewind.errors import ModelError
from tradewind.evaluation.report import Table
from tradewind.models.item_sequence import ItemSequenceModel
from tradewind.tasks.next_item.sequences import LeaveOneOut, Sequences
from tradewind.telemetry import Progress
from tradewind.training.figures import bars_figure, curves_figure
from tradewind.training.next_item.items import assess
from tradewind.training.next_item.items.answers import Score, averaged, scorer
from tradewind.training.next_item.items.average import Chosen, choose, methods
from tradewind.training.next_item.items.baselines import by_likeness
from tradewind.training.next_item.items.learn import Lesson, learn, with_text
from tradewind.training.next_item.items.result_folder import read_model, write_model
from tradewind.training.next_item.items.settings import ItemSettings
from tradewind.training.result import write_report
from tradewind.training.trainer import forget

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Brief:
    """What a run is about: its `name`, the `split`, the frozen text `vectors` (items, d) of all items, and how the
    model of `ids` and that of `text` are trained."""

    name: str
    split: LeaveOneOut
    vectors: Floats
    ids: ItemSettings
    text: ItemSettings

    @property
    def items(self) -> int:
        """How many items there are to rank."""
        return len(self.vectors)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """A run's two models, how often each item was learned (`seen`), what validation chose, the tables (all questions,
    then slices) and the report's page."""

    ids: ItemSequenceModel
    text: ItemSequenceModel
    seen: Rows
    chosen: Chosen
    tables: tuple[Table, ...]
    report: Path

    def score(self, histories: Sequences) -> Floats:
        """Returns the average's scores (histories, items) of every item as the next one."""
        return averaged(list(members(self.ids, self.text).values()), self.chosen.weights(self.seen))(histories)


def members(ids: ItemSequenceModel, text: ItemSequenceModel) -> dict[str, Score]:
    """Returns what is averaged, by name: the two models, and how like an item's text is to the history's."""
    frozen = text.text()
    if frozen is None:
        raise ModelError("a model of ids stands where one of text is wanted")
    return {assess.IDS: scorer(ids), assess.TEXT: scorer(text), assess.LIKENESS: by_likeness(frozen.numpy())}


def train_items(brief: Brief, out: Path, progress: Progress) -> ItemResult:
    """Returns the result of both runs; `out` keeps models, event files and the report.

    A run that was cut off goes on from its last checkpoint, and one that ended is read, when the brief is the same.
    Raises ModelError when there is nothing to learn from.
    """
    lesson = Lesson(brief.split, brief.items)
    ids, ids_figure = _trained(lesson, brief.ids, out / "ids", progress)
    text, text_figure = _trained(with_text(lesson, brief.vectors), brief.text, out / "text", progress)
    parts = members(ids, text)
    chosen = choose(parts, _validation(brief))
    tables = _tables(brief, parts, chosen)
    bars = bars_figure(tables[0].title, tables[0].rows, tables[0].columns, assess.BOTH)
    facts = _facts(brief, chosen)
    report = write_report(out / "report", "next_item", tables, (bars, ids_figure, text_figure), facts)
    return ItemResult(ids, text, brief.split.learn.purchases(brief.items), chosen, tables, report)


def _trained(lesson: Lesson, settings: ItemSettings, out: Path, progress: Progress) -> tuple[ItemSequenceModel, str]:
    mark = hashlib.sha256(f"{lesson.fingerprint()} {sorted(asdict(settings).items())}".encode()).hexdigest()
    ended, figure = out / "ended.txt", out / "curves.svg"
    if not ended.is_file() or ended.read_text(encoding="utf-8") != mark:
        done = learn(lesson, settings, out, progress)
        write_model(done.model, out / "model")
        figure.write_text(curves_figure(done.curves), encoding="utf-8")
        best = dict(done.curves.validation).get(done.curves.best_step, float("nan"))
        progress.note(f"next_item, {out.name}: kept step {done.curves.best_step}, validation {assess.NDCG} {best:.4f}")
        ended.write_text(mark, encoding="utf-8")
        forget(out)
    return read_model(out / "model"), figure.read_text(encoding="utf-8")


def _validation(brief: Brief) -> assess.Protocol:
    watched = brief.split.validation.some(brief.ids.watched, brief.ids.seed)
    return assess.Protocol("validation", brief.split.learn, brief.items, watched, not brief.ids.again)


def _tables(brief: Brief, parts: Mapping[str, Score], chosen: Chosen) -> tuple[Table, ...]:
    learned, seed = brief.split.learn, brief.ids.seed
    name = f"next_item, {brief.name}, seed {seed}"
    tables: list[Table] = []
    for without in (False,) if brief.ids.again else (True, False):
        protocol = assess.Protocol(name, learned, brief.items, brief.split.test, without)
        found = protocol.reached(methods(parts, protocol, chosen, seed))
        tables += [assess.overall(protocol, found), assess.by_slice(protocol, found)]
    # The slices of the second way of ranking would repeat those of the first.
    return tuple(tables[:3])


def _facts(brief: Brief, chosen: Chosen) -> Mapping[str, Any]:
    learned: Sequence[int] = brief.split.learn.lengths.tolist()
    return {
        "seed": brief.ids.seed,
        "sequences": len(learned),
        "purchases learned from": sum(learned),
        "items": brief.items,
        "the average, chosen on validation": asdict(chosen),
        "from ids": asdict(brief.ids),
        "from text": asdict(brief.text),
    }
