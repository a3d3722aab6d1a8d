"""`tradewind train NAME`: an estimator of the shop's own from a table of examples to a signed artefact."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tradewind.data.attributes import grouped_by_text, with_columns
from tradewind.data.examples import Examples, Fitting, read_examples
from tradewind.data.picture_examples import read_picture_examples
from tradewind.data.report import TableReport
from tradewind.engine.estimators import KIND, settings_of
from tradewind.errors import ConfigError
from tradewind.evaluation.model_card import ModelCard
from tradewind.flows.making import Made, made_of_pictures, require_texts, told_figures, told_settings
from tradewind.flows.model_cards import CARD_PAGE, Candidate, Stopwatch, require_gate, write_card
from tradewind.flows.remembering import MEMORY_KIND, remember, remembered
from tradewind.registry.artefacts import Artefact, publish
from tradewind.registry.keys import ensure_keypair
from tradewind.registry.manifest import ManifestFacts
from tradewind.registry.pointers import promote
from tradewind.settings import Shop
from tradewind.tasks.estimators import EstimatorTask, ReadsPictures, estimator_task, takes_pictures
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.models.pretrained import Checkpoint
    from tradewind.training.result import TrainResult

ADDRESSES: Final[dict[str, Any]] = {"examples": {"source": {"url"}, "unlabelled": {"source": {"url"}}}}
"""What of the settings no manifest repeats: a database's address may hold a password."""
HELD_OUT: Final = 200
"""Texts on which the compressed model is held against its original."""


@dataclass(frozen=True, slots=True)
class LearnedEstimator:
    """What `learn_estimator` leaves: the artefact that answers now, the run's tables, what became of every row, and
    the card."""

    artefact: Artefact
    result: TrainResult
    rows: TableReport
    card: ModelCard


def learn_estimator(shop: Shop, name: str, progress: Progress, *, ablate: bool = False) -> LearnedEstimator:
    """Reads the table, trains, compresses, judges, publishes and promotes.

    Raises DataError, ConfigError, ParityError, and GateError when it misses its gate: the old version then stays.
    """
    watch = Stopwatch()
    settings = settings_of(shop, name)
    if ablate:
        require_texts(shop, name, "--ablate")
    examples, rows = estimator_examples(shop, name)
    if takes_pictures(estimator_task(settings.task)):
        made = made_of_pictures(shop, name, examples, progress)
    else:
        made = _made_of_texts(shop, name, examples, progress, ablate=ablate)
    progress.start("judging by slice and after changes", None)
    scratch = shop.scratch / KIND / name
    card = write_card(shop, Candidate(name, settings, examples, rows, made), watch)
    require_gate(shop, KIND, card, scratch / CARD_PAGE)
    artefact = _published(shop, name, made, examples)
    remember(shop, artefact, scratch / MEMORY_KIND)
    shutil.rmtree(made.bundle)
    shutil.rmtree(scratch / MEMORY_KIND, ignore_errors=True)
    return LearnedEstimator(artefact, made.result, rows, card)


def _made_of_texts(shop: Shop, name: str, examples: Examples, progress: Progress, *, ablate: bool) -> Made:
    from tradewind.compression.estimator import compress_estimator
    from tradewind.training.estimator import train
    from tradewind.training.tracking import tracked

    settings = settings_of(shop, name)
    checkpoint = pretrained(shop, progress)
    scratch = shop.scratch / KIND / name
    memory = remembered(shop, name)
    with tracked(shop, name, progress, told_settings(settings)) as run:
        result, config = train(shop, name, examples, checkpoint, scratch, progress, memory, ablate=ablate)
        run.final(told_figures(result))
    held_out = held_out_inputs(examples, pairs=estimator_task(settings.task).pairs)
    progress.start("compress", None)
    bundle = scratch / "bundle"
    _, profile = compress_estimator(
        result.folder, bundle, checkpoint, config, held_out=held_out, tokens=settings.max_tokens
    )
    return Made(checkpoint, result, bundle, profile, memory)


def estimator_examples(shop: Shop, name: str) -> tuple[Examples, TableReport]:
    """Returns the examples of the estimator `name`, and what became of every row of its table."""
    settings = settings_of(shop, name)
    task = estimator_task(settings.task)
    for part, needed in (("second", task.pairs), ("picture", takes_pictures(task))):
        if needed != bool(getattr(settings.examples, part)):
            raise ConfigError(f"{settings.task} {'needs' if needed else 'takes no'} examples.{part}", where=name)
    if isinstance(task, ReadsPictures):
        return read_picture_examples(shop, f"{KIND}-{name}", settings.examples, task.parse, task.look)
    columns = settings.knowledge.attributes
    table = with_columns(settings.examples, columns)
    examples, rows = read_examples(shop, f"{KIND}-{name}", table, task.parse, fitting_of(task))
    regroup = columns and settings.examples.group is None
    return (grouped_by_text(examples, columns) if regroup else examples), rows


def fitting_of(task: EstimatorTask) -> Fitting:
    """Returns what the task asks of its examples beyond the form of their targets."""
    return Fitting(getattr(task, "fit", None), getattr(task, "unfit", None), bool(getattr(task, "empty", False)))


def held_out_inputs(examples: Examples, *, pairs: bool) -> list[Any]:
    """Returns texts, or pairs of them, spread over the examples, each once: a small model is held against its original
    on these."""
    inputs: list[Any] = sorted(set(zip(examples.texts, examples.seconds, strict=True)))
    inputs = inputs if pairs else sorted({text for text, _ in inputs})
    return inputs[:: max(1, len(inputs) // HELD_OUT)][:HELD_OUT]


def pretrained(shop: Shop, progress: Progress) -> Checkpoint:
    """Returns the encoder that the shop's models begin with."""
    from tradewind.models.pretrained import resolve

    encoder = shop.settings.encoder
    return resolve(
        encoder.pretrained, trim=encoder.trim_vocabulary, languages=shop.settings.languages, progress=progress
    )


def _published(shop: Shop, name: str, made: Made, examples: Examples) -> Artefact:
    facts = ManifestFacts(
        snapshot=examples.digest(),
        config=shop.settings.learn.estimators[name].model_dump(mode="json", exclude=ADDRESSES)
        | {"examples": len(examples)},
        metrics=made.result.metrics,
        profile=dict(made.profile),
        weights={"source": made.weights.weights_source, "sha256": made.weights.sha256},
        licence=made.weights.licence,
        notice=shop.settings.notice,
    )
    key = ensure_keypair(shop.keys).private
    artefact = publish(shop.artefacts, KIND, name, made.bundle, facts, key)
    promote(shop.artefacts, KIND, name, artefact.version)
    return artefact
