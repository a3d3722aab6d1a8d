"""Trains one item-level model, from ids or from text, and ends with the weights that validated best."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.item_sequence import ItemSequenceConfig, ItemSequenceModel
from tradewind.tasks.next_item.sequences import LeaveOneOut, ndcg
from tradewind.telemetry import Progress
from tradewind.training.next_item.item_side import whitened
from tradewind.training.next_item.items.answers import places, scorer
from tradewind.training.next_item.items.batches import ItemBatches, learnable
from tradewind.training.next_item.items.objective import NextItem
from tradewind.training.next_item.items.settings import ItemSettings
from tradewind.training.trainer import Curves, fit
from tradewind.training.tuning import Parts, method

Floats = npt.NDArray[np.float32]

PARTS: Final = Parts(head=("items", "last"), adaptable=("query", "value"))
TEXT_WIDTH: Final = 256
"""Directions kept of the whitened text vectors."""
METRIC: Final = "nDCG@10"


@dataclass(frozen=True, slots=True)
class Learned:
    """A trained model and what its run looked like."""

    model: ItemSequenceModel
    curves: Curves


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned from: the `split`, how many `items` there are, and for a model of text their whitened vectors
    `text` (items, w)."""

    split: LeaveOneOut
    items: int
    text: Floats | None = None

    def fingerprint(self) -> str:
        """Returns a hash of all of it: another lesson is another run."""
        digest = hashlib.sha256(str(self.items).encode())
        parts = [self.split.learn.items, self.split.learn.starts, self.split.validation.truth]
        for part in parts if self.text is None else [*parts, self.text]:
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def with_text(lesson: Lesson, vectors: Floats, width: int = TEXT_WIDTH) -> Lesson:
    """Returns the lesson with text `vectors` (items, d) whitened over what may be learned from."""
    seen = np.flatnonzero(lesson.split.learn.purchases(lesson.items))
    return Lesson(lesson.split, lesson.items, whitened(vectors, seen, width))


def learn(lesson: Lesson, settings: ItemSettings, out: Path, progress: Progress) -> Learned:
    """Returns the model trained on `lesson`; checkpoints below `out` are taken up by the same lesson and settings.

    Watched is nDCG@10 on validation questions. Raises ModelError when no sequence
    has two items.
    """
    torch.manual_seed(settings.seed)
    model = _model(lesson, settings)
    tuning = method(settings.method)
    objective = NextItem(cast(ItemSequenceModel, tuning.prepare(model, PARTS)))
    sequences = learnable(lesson.split.learn)
    batches = ItemBatches(
        sequences,
        lesson.items,
        length=settings.length,
        size=settings.batch_size,
        negatives=min(settings.negatives, lesson.items),
        count=0,
        seed=settings.seed,
    )
    plan = settings.plan(batches.in_an_epoch if len(sequences) else 0)
    watched = lesson.split.validation.some(settings.watched, settings.seed)

    def validate() -> float:
        return float(ndcg(places(scorer(objective.model), watched, without_history=not settings.again)).mean())

    curves = fit(
        objective,
        batches.of(plan.batches),
        plan,
        out,
        validate=validate,
        watched=METRIC,
        progress=progress,
        identity=f"{lesson.fingerprint()} {sorted(asdict(settings).items())}",
    )
    return Learned(cast(ItemSequenceModel, tuning.finish(objective.model)).eval(), curves)


def _model(lesson: Lesson, settings: ItemSettings) -> ItemSequenceModel:
    shape = ItemSequenceConfig(
        items=lesson.items,
        text=0 if lesson.text is None else lesson.text.shape[1],
        dimension=settings.dimension,
        blocks=settings.blocks,
        heads=settings.heads,
        length=settings.length,
        dropout=settings.dropout,
        temperature=settings.temperature,
    )
    return ItemSequenceModel(shape, None if lesson.text is None else torch.from_numpy(lesson.text))
