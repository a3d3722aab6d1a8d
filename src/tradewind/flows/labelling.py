"""`tradewind label NAME`: chooses the texts that are worth labelling, and keeps the labels that people give."""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.data.answers import AnswerFile, read_sheet
from tradewind.data.examples import read_examples
from tradewind.data.files import written_whole
from tradewind.data.unlabelled import read_unlabelled
from tradewind.engine.estimators import KIND, OpenEstimator, open_estimator, settings_of
from tradewind.errors import ConfigError, DataError, NotFoundError
from tradewind.runtime.text_model import OnnxTextModel
from tradewind.settings import EstimatorSettings, Shop, SourceSettings, UnlabelledSettings
from tradewind.tasks.active_learning import k_centres, most_useful
from tradewind.tasks.estimators import Choice, estimator_task, has_labels
from tradewind.tasks.label_probabilities import label_probabilities, written_label
from tradewind.telemetry import Progress

SHOWN_GUESSES: Final = 5
MOST_HELD: Final = 2000
"""Labelled texts that the first, untaught choice keeps away from."""
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pool:
    """Where the unlabelled texts lie, how a text is made of a row, and how many are wanted, by which strategy."""

    file: Path
    text: str | None = None
    count: int = 20
    strategy: str = "margin"


@dataclass(frozen=True, slots=True)
class Question:
    """A text to label, with the model's best guesses, none while nothing is learned."""

    text: str
    guesses: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked, the most useful first; the labels known so far, commonest first; and where answers are kept."""

    asked: tuple[Question, ...]
    labels: tuple[str, ...]
    answers: AnswerFile
    parse: Callable[[str], Any]
    learned: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """How many answers of a sheet were kept, how many were there before, and the labels that no example had."""

    kept: int
    repeats: int
    new_labels: tuple[str, ...]
    answers: AnswerFile


def choose_questions(shop: Shop, name: str, pool: Pool, progress: Progress) -> Questions:
    """Returns the questions whose answers would teach `name` the most.

    Raises ConfigError for a task of pairs or without labels, DataError when every text of the pool has a label.
    """
    settings = _labelled_settings(shop, name)
    answers = answer_file(shop, name)
    seen, labels = _known(shop, name, settings, answers)
    path = SourceSettings(path=str(pool.file.absolute()))
    texts = read_unlabelled(UnlabelledSettings(source=path, text=pool.text or settings.examples.text), shop.root)
    open_texts = [text for text in texts if text not in seen]
    if not open_texts:
        raise DataError(f"each of {len(texts)} texts has a label already", where=str(pool.file))
    try:
        estimator = open_estimator(shop, name)
    except NotFoundError:
        chosen = _by_text_alone(shop, open_texts, sorted(seen)[:MOST_HELD], pool.count, progress)
        return Questions(chosen, labels, answers, estimator_task(settings.task).parse, False)
    chosen = _by_model(shop, estimator, open_texts, pool, progress)
    return Questions(chosen, labels, answers, estimator_task(settings.task).parse, True)


def take_sheet(shop: Shop, name: str, sheet: Path) -> Taken:
    """Keeps the answers of a filled sheet, all or none. Raises DataError naming line and field of what is wrong."""
    settings = _labelled_settings(shop, name)
    answers = answer_file(shop, name)
    seen, labels = _known(shop, name, settings, answers)
    given = read_sheet(sheet, estimator_task(settings.task).parse)
    new = [answer for answer in given if answer.text not in seen]
    answers.append(new)
    unknown = sorted({answer.label for answer in new} - set(labels)) if labels else []
    return Taken(len(new), len(given) - len(new), tuple(unknown), answers)


def answer_file(shop: Shop, name: str) -> AnswerFile:
    """Returns the file that keeps the answers: the one that shop.yaml names, or labels/NAME.csv beside it."""
    return AnswerFile(shop.root / (settings_of(shop, name).examples.answers or f"labels/{name}.csv"))


def _labelled_settings(shop: Shop, name: str) -> EstimatorSettings:
    settings = settings_of(shop, name)
    if not has_labels(estimator_task(settings.task)):
        raise ConfigError(f"{settings.task} gives a text no single label: mark its examples in a table", where=name)
    return settings


def _known(shop: Shop, name: str, settings: EstimatorSettings, answers: AnswerFile) -> tuple[set[str], tuple[str, ...]]:
    seen = answers.texts()
    try:
        examples, _ = read_examples(shop, f"{KIND}-{name}", settings.examples, estimator_task(settings.task).parse)
    except DataError:
        # Labelling begins before there is a table; training says what is wrong with one that is there.
        return seen, ()
    labels = Counter(written_label(target) for target in examples.targets)
    return seen | set(examples.texts), tuple(label for label, _ in labels.most_common())


def _by_model(
    shop: Shop, estimator: OpenEstimator, texts: Sequence[str], pool: Pool, progress: Progress
) -> tuple[Question, ...]:
    model = estimator.model
    if not isinstance(model, OnnxTextModel):
        raise ConfigError("only models that read a text as a vector can choose texts", where=estimator.name)
    progress.start("reading texts", None)
    cache = shop.scratch / "labelling" / f"{estimator.name}.npz"
    vectors = cached_vectors(cache, estimator.version, texts, model.vectors)
    found = label_probabilities(estimator.reader, model.read(vectors), texts)
    rows = most_useful(pool.strategy, found.values, vectors, pool.count, seed=shop.settings.learn.seed)
    return tuple(Question(texts[row], found.best(row, SHOWN_GUESSES)) for row in rows)


def _by_text_alone(
    shop: Shop, texts: Sequence[str], held: Sequence[str], count: int, progress: Progress
) -> tuple[Question, ...]:
    """Nothing is learned yet: texts that lie far apart, by the vectors of the pretrained encoder."""
    from tradewind.models.bi_encoder import load_bi_encoder
    from tradewind.models.pretrained import resolve

    encoder = shop.settings.encoder
    checkpoint = resolve(
        encoder.pretrained, trim=encoder.trim_vocabulary, languages=shop.settings.languages, progress=progress
    )
    progress.start("reading texts", None)
    model = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=encoder.max_tokens)
    cache = shop.scratch / "labelling" / "pretrained.npz"
    both = [*texts, *held]
    vectors = cached_vectors(cache, checkpoint.sha256, both, lambda wanted: model.encode(wanted, "passage"))
    rows = k_centres(vectors[: len(texts)], count, vectors[len(texts) :])
    return tuple(Question(texts[row]) for row in rows)


def cached_vectors(
    file: Path, version: str, texts: Sequence[str], encode: Callable[[Sequence[str]], Vectors]
) -> Vectors:
    """Returns the vectors (n, d) of `texts`; those that `file` holds from the same `version` are not computed again."""
    keys = [hashlib.sha256(f"{version}/{text}".encode("utf-8", "surrogatepass")).hexdigest() for text in texts]
    held = _held(file)
    missing = [place for place, key in enumerate(keys) if key not in held]
    if missing:
        new = encode([texts[place] for place in missing])
        held |= {keys[place]: vector for place, vector in zip(missing, new, strict=True)}
    found = np.stack([held[key] for key in keys])
    if missing:
        with written_whole(file) as opened:
            np.savez(opened, keys=np.array(keys), vectors=found)
    return found


def _held(file: Path) -> dict[str, Vectors]:
    try:
        with np.load(file) as found:
            return dict(zip(found["keys"].tolist(), found["vectors"], strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return {}
