"""Rows whose label is probably wrong, by what models say that never saw them.

Confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR
2021): a class's threshold is the mean probability that out-of-fold models give it on rows labelled so, and a row
counts for the likeliest class that passes its threshold. These counts say how many rows of class i are really of
class j; so many are listed, those where j leads i by most ("prune by noise rate").
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from tradewind.data.examples import Examples
from tradewind.data.files import written_whole
from tradewind.data.spreadsheets import safe_cell
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.tasks.label_probabilities import written_label

FOLDS: Final = 5
FEWEST: Final = 10
"""Groups of a class under which out-of-fold models know too little of it to doubt a label."""
STRENGTH: Final = 30.0
"""The inverse of the regularisation of the linear models; their features have a mean square of 1 a text."""
FILE: Final = "suspicious.csv"
COLUMNS: Final = ("file", "line", "text", "given", "likely", "p_given", "p_likely")
Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Suspicious:
    """A row, its label, the label that it probably should have, and what unseen models think of the two."""

    row: int
    given: str
    likely: str
    p_given: float
    p_likely: float


def suspicious_rows(labels: Sequence[str], vectors: Floats, groups: Sequence[str], *, seed: int) -> list[Suspicious]:
    """Returns the rows whose label is probably wrong, the surest first; `vectors` (n, d) are of the texts.

    A class that lies in fewer than FEWEST groups is neither judged nor proposed.
    """
    names = _judged(labels, groups)
    rows = np.array([row for row, label in enumerate(labels) if label in names], np.int64)
    if len(names) < 2:
        return []
    classes = np.array([names.index(labels[row]) for row in rows], np.int64)
    found = out_of_fold(vectors[rows], classes, [groups[row] for row in rows], seed=seed)
    likely = pruned_classes(found, classes)
    places = np.flatnonzero(likely != classes)
    gap = found[places, classes[places]] - found[places, likely[places]]
    return [
        Suspicious(
            int(rows[place]),
            names[classes[place]],
            names[likely[place]],
            float(found[place, classes[place]]),
            float(found[place, likely[place]]),
        )
        for place in places[np.argsort(gap, kind="stable")]
    ]


def confident_classes(probabilities: Floats, classes: Numbers) -> Numbers:
    """Returns for each row the likeliest class that passes its threshold, −1 where none does.

    `probabilities` (n, k) are out of fold, `classes` (n,) are the given labels; each of the k has a row or more.
    """
    count = probabilities.shape[1]
    thresholds = np.array([probabilities[classes == number, number].mean() for number in range(count)])
    passing = np.where(probabilities >= thresholds, probabilities, -1.0)
    return np.where(passing.max(axis=1) < 0, -1, passing.argmax(axis=1)).astype(np.int64)


def pruned_classes(probabilities: Floats, classes: Numbers) -> Numbers:
    """Returns for each row the class that it probably has (n,): the given one, or another where that is suspicious."""
    confident = confident_classes(probabilities, classes)
    counts = np.zeros((probabilities.shape[1],) * 2)
    np.add.at(counts, (classes[confident >= 0], confident[confident >= 0]), 1)
    likely = classes.copy()
    for given, row in enumerate(counts):
        members = np.flatnonzero(classes == given)
        for other in np.flatnonzero(row):
            wrong = round(row[other] / row.sum() * len(members)) if other != given else 0
            lead = probabilities[members, other] - probabilities[members, given]
            first = np.argsort(-lead, kind="stable")[:wrong]
            suspects = members[first[lead[first] > 0]]
            likely[suspects] = probabilities[suspects].argmax(axis=1)
    return likely


def out_of_fold(vectors: Floats, classes: Numbers, groups: Sequence[str], *, seed: int) -> Floats:
    """Returns the probability of each class (n, k) for each row by a linear model that saw no row of its group."""
    found = np.zeros((len(classes), int(classes.max()) + 1), np.float32)
    spread = _spread(vectors)
    folds = GroupKFold(n_splits=min(FOLDS, len(set(groups))), shuffle=True, random_state=seed)
    for learned, asked in folds.split(spread, classes, groups):
        model = LogisticRegression(C=STRENGTH / len(learned), max_iter=300, random_state=seed)
        model.fit(spread[learned], classes[learned])
        found[np.ix_(asked, model.classes_)] = model.predict_proba(spread[asked])
    return found


def report_suspicious(folder: Path, examples: Examples, checkpoint: Checkpoint, tokens: int, *, seed: int) -> str:
    """Lists the rows whose label is probably wrong in `folder`, read by the pretrained encoder; returns a sentence."""
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=tokens)
    labels = [written_label(target) for target in examples.targets]
    found = suspicious_rows(labels, encoder.encode(examples.texts, "passage"), examples.groups, seed=seed)
    path = write_suspicious(folder, examples, found)
    known = set(_judged(labels, examples.groups))
    judged = sum(label in known for label in labels)
    said = f"{len(found)} of {judged} rows have a label that is probably wrong; they are listed in {path.name}"
    small = len(examples) - judged
    return said + (f", and {small} rows of classes in fewer than {FEWEST} groups were not judged" if small else "")


def write_suspicious(folder: Path, examples: Examples, found: Sequence[Suspicious]) -> Path:
    """Writes suspicious.csv into `folder`, the surest first, and returns it; places are those of the tables."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(COLUMNS)
    for one in found:
        file, _, line = examples.places[one.row].rpartition(":")
        text, given, likely = (safe_cell(part) for part in (examples.texts[one.row], one.given, one.likely))
        rows.writerow([file, line, text, given, likely, f"{one.p_given:.3f}", f"{one.p_likely:.3f}"])
    with written_whole(folder / FILE) as file_of_bytes:
        file_of_bytes.write(written.getvalue().encode("utf-8-sig", "replace"))
    return folder / FILE


def _judged(labels: Sequence[str], groups: Sequence[str]) -> list[str]:
    lies_in: dict[str, set[str]] = {}
    for label, group in zip(labels, groups, strict=True):
        lies_in.setdefault(label, set()).add(group)
    return sorted(label for label, found in lies_in.items() if len(found) >= FEWEST)


def _spread(vectors: Floats) -> Floats:
    """Pretrained vectors lie in a narrow cone: centred, and scaled to a mean square of 1."""
    centred = vectors - vectors.mean(axis=0)
    return np.asarray(centred / max(float(np.sqrt(np.mean(centred**2))), 1e-6), np.float32)
