"""Estimators of the shop's own as they answer: the promoted version, checked, with the task's reader."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tradewind.engine.reply import Reply, canonical
from tradewind.errors import ArtefactError, ConfigError, NotFoundError, RequestError
from tradewind.registry.artefacts import load
from tradewind.registry.keys import load_public
from tradewind.registry.pointers import current
from tradewind.runtime.pictures import GivenPicture
from tradewind.settings import EstimatorSettings, Shop
from tradewind.tasks.estimators import Model, Reader, open_model
from tradewind.tasks.rank.ranking import Candidates, ranked
from tradewind.telemetry import logger

KIND: Final = "estimator"
MOST_TEXTS: Final = 256
"""Texts that are answered at a time."""
TOGETHER: Final = 16
"""Texts that are read before it is asked again whether anybody still waits; of pictures one."""
Input = str | Candidates | GivenPicture
"""A text; for tasks that compare two a query with the texts that are put in order for it; or a picture."""
_FORMS: Final[dict[type, str]] = {
    str: "answers texts: give no query and no picture",
    Candidates: "puts texts in order for a query: give both",
    GivenPicture: "answers pictures: give those, and no text",
}


def settings_of(shop: Shop, name: str) -> EstimatorSettings:
    """Returns the estimator's block of shop.yaml. Raises ConfigError naming those that there are."""
    known = shop.settings.learn.estimators
    if name not in known:
        raise ConfigError(
            f"there is no estimator {name!r}",
            where=str(shop.root / "shop.yaml"),
            hint=f"learn.estimators has: {', '.join(sorted(known)) or 'none'}",
        )
    return known[name]


def require_texts(inputs: Sequence[Input]) -> None:
    """Raises RequestError for no inputs, too many, or an empty text, by its place."""
    if any(isinstance(one, Candidates) and not (one.query.strip() and one.texts) for one in inputs):
        raise RequestError("a query is empty, or has no texts to put in order")
    parts = [part for one in inputs for part in (one.texts if isinstance(one, Candidates) else [one])]
    if not parts or len(parts) > MOST_TEXTS:
        raise RequestError(f"{len(parts)} texts or pictures; between 1 and {MOST_TEXTS} are taken at a time")
    empty = next((place for place, part in enumerate(parts) if isinstance(part, str) and not part.strip()), None)
    if empty is not None:
        raise RequestError(f"text {empty + 1} of {len(parts)} is empty")


@dataclass(frozen=True, slots=True)
class OpenEstimator:
    """A published estimator that is ready to answer; it may be shared by several threads."""

    name: str
    version: str
    model: Model
    reader: Reader

    @property
    def takes(self) -> type:
        """What it answers: texts, queries with texts, or pictures."""
        config = self.model.config
        return GivenPicture if config.get("pictures") else Candidates if config.get("pairs") else str

    def predict(self, inputs: Sequence[Input], k: int = 1) -> list[dict[str, Any]]:
        """Returns one answer an input, in order: of a text or a picture, or of a query the order of its texts.

        Raises RequestError for an empty text, for too many, or for another kind of input than it takes; PictureError
        for what is no picture.
        """
        require_texts(inputs)
        if not all(isinstance(one, self.takes) for one in inputs):
            raise RequestError(f"{self.name} {_FORMS[self.takes]}")
        if self.takes is Candidates:
            return ranked(self.model, self.reader, [one for one in inputs if isinstance(one, Candidates)])
        names = [one.name if isinstance(one, GivenPicture) else str(one) for one in inputs]
        return [
            self.reader.read(outputs, name, k) for outputs, name in zip(self.model.outputs(inputs), names, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Answers:
    """One answer a text, in order, and the version of the estimator that gave them."""

    version: str
    predictions: list[dict[str, Any]]


def open_estimator(shop: Shop, name: str) -> OpenEstimator:
    """Returns the promoted version, checked whole. Raises ConfigError, NotFoundError when it was never learned."""
    settings_of(shop, name)
    version = current(shop.artefacts, KIND, name)
    if version is None:
        raise NotFoundError(f"the estimator {name!r} was never learned", hint=f"tradewind train {name} {shop.root}")
    artefact = load(shop.artefacts, KIND, name, version, load_public(shop.keys))
    return OpenEstimator(name, version, *open_model(artefact.path))


class Estimators:
    """The estimators of a shop as a server asks them: each opened when first asked for, and again when another version
    was promoted; one that cannot be opened leaves the old one answering. Thread-safe."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._open: dict[str, OpenEstimator] = {}
        self._lock = threading.Lock()

    def predict(self, name: str, texts: Sequence[Input], k: int, still: Callable[[], object]) -> Reply:
        """Returns the answers as a reply, whose generation is the estimator's version; raises as `answers` does."""
        started = time.perf_counter()
        self._named(name)
        opened = time.perf_counter()
        found = self.answers(name, texts, k, still)
        body = {"estimator": name, "version": found.version, "predictions": found.predictions}
        stages = (("open", (opened - started) * 1e3), ("predict", (time.perf_counter() - opened) * 1e3))
        return Reply(canonical(body), found.version, 0, stages=stages, stage_answered="estimator")

    def answers(self, name: str, texts: Sequence[Input], k: int, still: Callable[[], object]) -> Answers:
        """Returns the answers, all of one version.

        `still` is called before every few texts, and raises when nobody waits for the answer any more.
        Raises NotFoundError for an estimator that is not there, RequestError for texts that cannot be read.
        """
        found = self._named(name)
        require_texts(texts)
        predictions: list[dict[str, Any]] = []
        together = 1 if found.takes is GivenPicture else TOGETHER
        for start in range(0, len(texts), together):
            still()
            predictions += found.predict(texts[start : start + together], k)
        return Answers(found.version, predictions)

    def require(self, name: str) -> None:
        """Raises NotFoundError for an estimator that is not there or was never learned; opens nothing."""
        if name not in self._shop.settings.learn.estimators or current(self._shop.artefacts, KIND, name) is None:
            raise NotFoundError(f"there is no estimator {name!r} that has learned")

    def _named(self, name: str) -> OpenEstimator:
        if name not in self._shop.settings.learn.estimators:
            raise NotFoundError(f"there is no estimator {name!r}")
        with self._lock:
            held = self._open.get(name)
            if held and current(self._shop.artefacts, KIND, name) == held.version:
                return held
            try:
                self._open[name] = open_estimator(self._shop, name)
            except ArtefactError as error:
                if not held:
                    raise
                logger.error("the new version of estimator %s is refused, the old one answers: %s", name, error)
            return self._open[name]
