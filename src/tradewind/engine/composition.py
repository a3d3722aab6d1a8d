"""Assembles an engine from a shop's folder, and follows the pointer that says which generation serves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tradewind.data.store import open_store
from tradewind.engine.engine import STANDARD, Engine, EngineSettings
from tradewind.engine.generation import KIND, NAME, Generation, load_generation, load_part
from tradewind.engine.parts import Encoder, Parts
from tradewind.errors import ArtefactError, NotFoundError, TradewindError
from tradewind.index.catalogue import Catalogue
from tradewind.index.delta import Delta
from tradewind.index.filters import NO_FILTERS
from tradewind.registry import pointers
from tradewind.registry.artefacts import Artefact
from tradewind.registry.keys import PublicKey, load_public
from tradewind.runtime.opening import open_encoder
from tradewind.runtime.sequence import SequenceModel
from tradewind.settings import Shop
from tradewind.telemetry import logger

LOOK_SECONDS: Final = 0.2
"""How often a worker looks for changed items and for a moved pointer."""
RETRY_SECONDS: Final = 30.0
"""How long a refused generation is left alone before it is looked at again."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a shop's artefacts lie, whose signature they must carry, and how its items' text is made."""

    root: Path
    key: PublicKey
    template: str


def open_engine(shop: Shop, settings: EngineSettings = STANDARD, watch: bool = True) -> Engine:
    """Returns an engine over the shop's store and the generation that its pointer names.

    With `watch` it keeps up, in the background, with changed items and with the pointer; close it when done. Raises
    NotFoundError when nothing was ever promoted, ArtefactError when the generation is refused, StoreError.
    """
    source = Source(shop.artefacts, load_public(shop.keys), shop.settings.items.text)
    version = pointers.current(source.root, KIND, NAME)
    if version is None:
        raise NotFoundError("no generation serves this shop yet", where=str(shop.root), hint="run `tradewind up` first")
    parts, store = load_parts(source, version), open_store(shop)
    engine = Engine(parts, store, settings)
    engine.at_close(store.close)
    if watch:
        engine.watch({"the generation": PointerFollower(engine, source).look}, LOOK_SECONDS)
    return engine


def load_parts(source: Source, version: str, serving: Parts | None = None) -> Parts:
    """Returns the parts of a generation, every byte of them checked, after it answered a probe.

    Encoders that `serving` already holds are shared, not loaded twice. Raises ArtefactError or NotFoundError.
    """
    generation = load_generation(source.root, version, source.key)
    index = load_part(source.root, generation.index, source.key)
    encoder = load_part(source.root, generation.encoder, source.key)
    queries = load_part(source.root, generation.query_encoder, source.key) if generation.query_encoder else None
    for made in (index, queries):
        require_made_with(made, encoder)
    parts = Parts(
        generation=version,
        encoder=_opened(encoder, serving),
        encoder_version=encoder.reference,
        query_encoder=_opened(queries, serving) if queries else None,
        query_encoder_version=queries.reference if queries else None,
        catalogue=Catalogue.open(index.path),
        template=source.template,
        sequence=_sequence(source, generation),
    )
    probe(parts)
    return parts


def _opened(encoder: Artefact, serving: Parts | None) -> Encoder:
    held = {serving.encoder_version: serving.encoder} if serving else {}
    if serving and serving.query_encoder and serving.query_encoder_version:
        held[serving.query_encoder_version] = serving.query_encoder
    return held.get(encoder.reference) or open_encoder(encoder.path)


def require_made_with(made: Artefact | None, encoder: Artefact) -> None:
    """Raises ArtefactError when an index, or an encoder of queries, gives vectors of another encoder: of the same width
    or not, distances between the vectors of two encoders say nothing."""
    parents = [parent for parent in made.manifest.parents if parent.startswith(f"{encoder.kind}/")] if made else []
    if made and parents and encoder.reference not in parents:
        raise ArtefactError(
            f"its vectors are those of {parents[0]}, not of {encoder.reference}",
            where=made.reference,
            hint="run `tradewind up`: it makes it again with the new encoder",
        )


def probe(parts: Parts) -> None:
    """Raises ArtefactError when the parts do not fit together: a vector must find something in the catalogue."""
    view = parts.catalogue.view(Delta(parts.catalogue.change))
    encoder, _ = parts.encoder_of("query")
    vector = encoder.encode([parts.generation], "query")[0]
    if view.size and not len(view.vector(vector, 1, NO_FILTERS)):
        raise ArtefactError("the encoder of queries finds nothing in the index", where=parts.generation)


class PointerFollower:
    """Exchanges the generation when the pointer moves; one that is refused is logged, never served."""

    def __init__(self, engine: Engine, source: Source) -> None:
        self._engine = engine
        self._source = source
        self._refused: dict[str, float] = {}

    def look(self) -> TradewindError | None:
        """Swaps when the pointer names another generation. Returns why that one was refused, if it was."""
        version = pointers.current(self._source.root, KIND, NAME)
        if version is None or version == self._engine.generation or self._resting(version):
            return None
        try:
            self._engine.swap(load_parts(self._source, version, self._engine.serving.parts))
        except TradewindError as error:
            self._refused[version] = time.monotonic()
            logger.error("generation %s is refused, %s serves on: %s", version, self._engine.generation, error)
            return error
        logger.info("generation %s serves", version)
        return None

    def _resting(self, version: str) -> bool:
        refused = self._refused.get(version)
        return refused is not None and time.monotonic() - refused < RETRY_SECONDS


def _sequence(source: Source, generation: Generation) -> SequenceModel | None:
    if generation.sequence is None:
        return None
    return SequenceModel(load_part(source.root, generation.sequence, source.key).path)
