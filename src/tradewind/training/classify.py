"""Learns what kind of thing a text names, and measures it on kinds of products that were never learned."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from tradewind.data.snapshot import Snapshot
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.classification import expected_calibration_error, macro_f1
from tradewind.evaluation.report import Table
from tradewind.models.bi_encoder import load_bi_encoder, save_bi_encoder
from tradewind.models.heads import TextClassifier, save_head
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import Effort, Shop
from tradewind.tasks.classify import GroupSplit, balanced, group_split, labelled_texts
from tradewind.telemetry import Progress
from tradewind.training.batches import by_length
from tradewind.training.classify_baselines import (
    Predictions,
    by_label_name,
    chance,
    character_ngrams,
    commonest,
    measured,
)
from tradewind.training.encoder_parts import cut_at, encoder_parts, moving_blocks
from tradewind.training.figures import bars_figure, curves_figure
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.result import TrainResult, write_report
from tradewind.training.run_facts import run_facts
from tradewind.training.text_bank import TextBank
from tradewind.training.trainer import Curves, Objective, fit, forget
from tradewind.training.tuning import Parts, TuningMethod, method, must_merge

TUNED: Final = "tuned"
NGRAMS: Final = "character n-grams, linear"
_SMOOTHING: Final = 0.05


@dataclass(frozen=True, slots=True)
class ClassifyEffort:
    """What an effort allows: `texts` are learned from and `tested` are measured on (None: all), `blocks` move when the
    encoder is tuned, in `tuning` steps; a head alone takes `head` steps."""

    head: Budget
    tuning: Budget
    texts: int | None
    tested: int | None
    blocks: int


EFFORTS: Final[dict[Effort, ClassifyEffort]] = {
    "quick": ClassifyEffort(
        Budget(600, 256, 100, haste=20.0), Budget(60, 48, 30, haste=8.0), texts=2500, tested=800, blocks=2
    ),
    "normal": ClassifyEffort(
        Budget(2000, 256, 200, haste=10.0), Budget(800, 64, 100, haste=2.0), texts=12000, tested=3000, blocks=4
    ),
    "full": ClassifyEffort(
        Budget(6000, 256, 500, haste=5.0), Budget(6000, 64, 500), texts=None, tested=None, blocks=12
    ),
}


class Classification(Objective):
    """Cross-entropy of a text classifier over label numbers, labels smoothed a little."""

    def __init__(self, model: nn.Module, cut: int) -> None:
        super().__init__()
        self.model = model
        self.cut = cut

    def forward(self, states: torch.Tensor, mask: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar}; `target` (n,) are label numbers."""
        return {"loss": cross_entropy(self.model(states, mask, self.cut), target, label_smoothing=_SMOOTHING)}


class HeadClassification(Objective):
    """The same over vectors that were computed once, for the method head."""

    def __init__(self, classifier: TextClassifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, vectors: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns {"loss": scalar} for unit vectors (n, d)."""
        return {"loss": cross_entropy(self.classifier.read(vectors), target, label_smoothing=_SMOOTHING)}


@dataclass(slots=True)
class _Batches:
    """Batches of texts through the bank, or of their ready vectors when there are any."""

    bank: TextBank
    texts: tuple[str, ...]
    target: npt.NDArray[np.int64]
    rows: list[npt.NDArray[np.int64]]
    vectors: npt.NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> dict[str, Any]:
        rows = self.rows[place]
        target = torch.from_numpy(self.target[rows])
        if self.vectors is not None:
            return {"vectors": torch.from_numpy(self.vectors[rows]), "target": target}
        states, mask = self.bank.batch([self.texts[row] for row in rows], "passage")
        return {"states": states, "mask": mask, "target": target}


@dataclass(frozen=True, slots=True)
class _Bench:
    """What one run works with. `vectors` are those of the untuned encoder for train, validation and test, `untuned`
    the classes that it finds for the test's texts without any training."""

    classifier: TextClassifier
    bank: TextBank
    split: GroupSplit
    plan: Plan
    tuning: TuningMethod
    parts: Parts
    vectors: tuple[npt.NDArray[np.float32], ...]
    untuned: Predictions

    @property
    def head_only(self) -> bool:
        return self.plan.method == "head"


def train(shop: Shop, snapshot: Snapshot, checkpoint: Checkpoint, out: Path, progress: Progress) -> TrainResult:
    """Trains a classifier of `learn.label`; `out` gets the folder `classifier`, the report and the event files.

    The folder is a Hugging Face checkpoint with `head.safetensors` and `labels.json` beside it: the head reads the unit
    vector of a text in the role passage. Raises DataError when there are too few classes or none has an unseen kind.
    """
    bench = _bench(shop, snapshot, checkpoint, progress)
    curves = _tune(bench, out, progress)
    table = _table(bench, shop, progress)
    facts = run_facts(shop, snapshot, checkpoint, bench.plan, curves) | {"label": shop.settings.learn.label}
    facts |= {"classes": len(bench.split.labels)}
    folder = save_bi_encoder(bench.classifier.encoder, checkpoint.folder, out / "classifier")
    save_head(bench.classifier, folder)
    figures = (curves_figure(curves), bars_figure(table.title, table.rows, ("accuracy", "macro-F1"), TUNED))
    report = write_report(out, "classify", (table,), figures, facts)
    forget(out)
    return TrainResult("classify", folder, (table,), _claims(table), report, out / "tensorboard", facts)


def _bench(shop: Shop, snapshot: Snapshot, checkpoint: Checkpoint, progress: Progress) -> _Bench:
    learn = shop.settings.learn
    effort, tuning = EFFORTS[learn.effort], method(learn.classify.method, learn.classify.method_options)
    must_merge(learn.classify.method, tuning, "classify")
    plan = plan_run(learn.classify, learn, effort.head if learn.classify.method == "head" else effort.tuning, tuning)
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    split = _affordable(group_split(labelled_texts(snapshot.items(), learn.label), seed=learn.seed), effort, learn.seed)
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes, dropout=plan.dropout)
    moving = moving_blocks(encoder, tuning, effort.blocks)
    bank = TextBank(encoder, cut_at(encoder, moving))
    sides = (split.train, split.validation, split.test)
    progress.start("reading texts", sum(len(side) for side in sides))
    for side in sides:
        bank.add(side.texts, "passage", progress)
    vectors = tuple(bank.encode(side.texts, "passage") for side in sides)
    classifier = TextClassifier(encoder, split.labels, plan.dropout)
    classifier.fit_cone(vectors[0])
    parts = encoder_parts(encoder, moving, prefix="encoder.", head=("head",))
    named = by_label_name(encoder.encode([label.lower() for label in split.labels], "query"), split.labels, vectors[2])
    return _Bench(classifier, bank, split, plan, tuning, parts, vectors, named)


def _affordable(split: GroupSplit, effort: ClassifyEffort, seed: int) -> GroupSplit:
    if effort.texts is None or effort.tested is None:
        return split
    train = balanced(split.train, effort.texts, seed)
    known = set(train.labels)
    later = [
        side.take(np.flatnonzero([label in known for label in side.labels]).astype(np.int64))
        for side in (split.validation, split.test)
    ]
    return GroupSplit(train, balanced(later[0], effort.tested // 2, seed), balanced(later[1], effort.tested, seed))


def _tune(bench: _Bench, out: Path, progress: Progress) -> Curves:
    active = bench.tuning.prepare(bench.classifier, bench.parts)
    objective = HeadClassification(bench.classifier) if bench.head_only else Classification(active, bench.bank.cut)
    numbers = {label: number for number, label in enumerate(bench.split.labels)}
    target = np.array([numbers[label] for label in bench.split.train.labels], dtype=np.int64)
    lengths = bench.bank.lengths(bench.split.train.texts, "passage")
    rows = by_length(lengths, count=bench.plan.batches, size=bench.plan.batch_size, seed=bench.plan.seed)
    vectors = bench.vectors[0] if bench.head_only else None
    batches = _Batches(bench.bank, bench.split.train.texts, target, rows, vectors)
    digest = hashlib.sha256("\n".join([*bench.split.train.texts, *bench.split.train.labels]).encode()).hexdigest()
    curves = fit(
        objective,
        batches,
        bench.plan,
        out,
        validate=lambda: _validate(bench),
        watched="macro-F1",
        progress=progress,
        identity=digest,
    )
    bench.tuning.finish(active)
    return curves


def _validate(bench: _Bench) -> float:
    side = bench.split.validation
    labels, _ = _named(bench, _probabilities(bench, side.texts, bench.vectors[1]))
    return macro_f1(side.labels, labels)


@torch.no_grad()
def _probabilities(bench: _Bench, texts: Sequence[str], vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    bench.classifier.eval()
    now = vectors if bench.head_only else bench.bank.encode(texts, "passage")
    found: npt.NDArray[np.float32] = bench.classifier.read(torch.from_numpy(now)).softmax(-1).numpy()
    return found


def _named(bench: _Bench, probabilities: npt.NDArray[np.float32]) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
    return tuple(bench.split.labels[n] for n in probabilities.argmax(axis=1)), probabilities.max(axis=1)


def _table(bench: _Bench, shop: Shop, progress: Progress) -> Table:
    progress.start("measuring against character n-grams", None)
    test, train, seed = bench.split.test, bench.split.train, bench.plan.seed
    labels, confidence = _named(bench, _probabilities(bench, test.texts, bench.vectors[2]))
    rows = measured(test, {
        "random": chance(train, test.texts, seed),
        "commonest class": commonest(train, test.texts),
        NGRAMS: character_ngrams(train, test.texts, seed),
        "untuned, by the label's name": bench.untuned,
        TUNED: labels,
    })  # fmt: skip
    right = np.array(labels) == np.array(test.labels)
    rows[TUNED] |= {"calibration error": expected_calibration_error(confidence, right)}
    notes = (
        f"{len(train)} texts learned, {len(test)} measured, {len(bench.split.labels)} classes; no kind of product "
        f"stands in both, and no text holds its label's field. Method {bench.plan.method}, seed {seed}.",
        *([shop.settings.notice] if shop.settings.notice else []),
    )
    return Table("What kind of thing a text names", ("accuracy", "macro-F1", "calibration error"), rows, TUNED, notes)


def _claims(table: Table) -> tuple[Claim, ...]:
    ours, peer = table.rows[TUNED], table.rows[NGRAMS]
    return tuple(
        Claim(f"classify: {metric} on unseen kinds, against {NGRAMS}", ours[metric], peer[metric], metric, 1.0)
        for metric in ("accuracy", "macro-F1")
    )
