"""The task `tag` as a shop names it in `learn.estimators`: whole entities of a text, with offsets and confidences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tradewind.runtime.bundle import HEAD_FILE, EncoderFacts
from tradewind.runtime.head import read_head
from tradewind.runtime.pair_model import read_tokenizer
from tradewind.runtime.text_model import ESTIMATOR_FILE, read_config
from tradewind.runtime.token_graph import TokenGraph
from tradewind.tasks.tag.decoding import log_softmax
from tradewind.tasks.tag.entities import OUTSIDE, Entity, Span, label_names
from tradewind.tasks.tag.linear import LinearTagger, load_linear
from tradewind.tasks.tag.marks import Marks, kinds_with_one_example, marked, read_marks
from tradewind.tasks.tag.mixture import Scores, decoded, mixed
from tradewind.tasks.tag.unit_tokens import UnitTokens
from tradewind.tasks.tag.units import natural_end, units_of

MOST_UNITS: Final = 2000
"""Units of a text that are read; what lies behind them is not tagged."""
_NEVER: Final = -1e4


class Tag:
    """Targets are entities: offsets, a tagged text, or a label for each token (tasks/tag/marks.py)."""

    recipe = "tradewind.training.recipes.tag:TagRecipe"
    pairs = False
    labels = False
    empty = True

    def parse(self, written: str) -> Marks:
        """Returns what is marked. Raises ValueError when it is written in none of the ways."""
        return read_marks(written)

    def fit(self, text: str, target: Any) -> tuple[str, tuple[Entity, ...]]:
        """Returns the plain text and its entities. Raises ValueError when a mark does not fit the text."""
        found = marked(text, target)
        return found.text, found.entities

    def unfit(self, targets: Sequence[Sequence[Entity]]) -> dict[int, tuple[str, str]]:
        """Returns the examples, by their place among all, from which nothing can be learned: why, and what it is."""
        single = kinds_with_one_example(targets)
        return {
            place: ("label_with_one_example", kind)
            for place, entities in enumerate(targets)
            for kind in sorted({entity.kind for entity in entities} & single)[:1]
        }

    def reader(self, config: Mapping[str, Any]) -> TagReader:
        """Returns a reader of entities of config["kinds"]."""
        return TagReader(tuple(config["kinds"]))

    def open(self, folder: Path) -> OnnxTagger:
        """Returns what gives a published tagger's outputs."""
        return OnnxTagger(folder)


@dataclass(frozen=True, slots=True)
class TagReader:
    """Reads log p (units, labels) of a text's units as its entities."""

    kinds: tuple[str, ...]

    def read(self, outputs: npt.NDArray[np.floating], text: str, k: int) -> dict[str, Any]:
        """Returns every entity: its offsets, label, words and confidence; `k` asks for nothing here."""
        units = units_of(text)[: len(outputs)]
        scores = log_softmax(outputs)
        entities = decoded(scores, units, self.kinds)
        sure = [self.confidence(one, scores, units) for one in entities]
        return {"entities": [_as_json(one, text, p) for one, p in zip(entities, sure, strict=True)]}

    def confidence(self, entity: Entity, scores: Scores, units: Sequence[Span]) -> float:
        """Returns the probability that this entity stands there and ends there, were units independent."""
        inside = [place for place, (start, end) in enumerate(units) if entity.start <= start and end <= entity.end]
        begins = 2 * self.kinds.index(entity.kind) + 1
        found = scores[inside[0], begins] + sum(float(scores[place, begins + 1]) for place in inside[1:])
        after = inside[-1] + 1
        goes_on = float(np.exp(scores[after, begins + 1])) if after < len(scores) else 0.0
        return float(np.exp(found) * (1.0 - goes_on))


class OnnxTagger:
    """A published tagger: its encoder half, and its linear half where it has one. Several threads may share it."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        facts = EncoderFacts.read(folder)
        self.config = read_config(folder / ESTIMATOR_FILE)
        self._tokens = UnitTokens(read_tokenizer(folder, facts.max_tokens), facts.max_tokens)
        self._graph = TokenGraph(folder, threads)
        self._weight, self._bias = read_head(folder / HEAD_FILE, facts.dimension)
        self._linear = self._read_linear(folder)

    def outputs(self, texts: Sequence[str]) -> list[Scores]:
        """Returns log p (units, labels) of each text's first units, each independent of the other texts."""
        return [self._mixed(read, self.encoder_scores(read)) for read in map(_read_part, texts)]

    def encoder_scores(self, text: str) -> Scores:
        """Returns log p (units, labels) of the encoder half alone; long texts are read in parts."""
        units = units_of(text)
        parts, first = [np.zeros((0, len(self._bias)))], 0
        while first < len(units):
            ids, places = self._tokens.read(text, units[first:])
            if not places:
                # One word that no part can hold names nothing.
                parts.append(self._outside())
                first += 1
                continue
            last = first + len(places)
            last = natural_end(text, units, first, last) if last < len(units) else last
            (states,) = self._graph.run([ids])
            parts.append(log_softmax(states[places[: last - first]] @ self._weight.T + self._bias))
            first = last
        return np.concatenate(parts)

    def _mixed(self, text: str, scores: Scores) -> Scores:
        if self._linear is None:
            return scores
        weight = float(self.config["weight"])
        return mixed(scores, self._linear.log_probabilities(text), weight)

    def _outside(self) -> Scores:
        row = np.full((1, len(self._bias)), _NEVER)
        row[0, OUTSIDE] = 0.0
        return row

    def _read_linear(self, folder: Path) -> LinearTagger | None:
        readers = self.config.get("readers")
        if not readers:
            return None
        return load_linear(folder, readers, int(self.config["bits"]), len(label_names(self.config["kinds"])))


def _as_json(entity: Entity, text: str, sure: float) -> dict[str, Any]:
    place = {"start": entity.start, "end": entity.end, "label": entity.kind}
    return place | {"text": text[entity.start : entity.end], "confidence": round(sure, 6)}


def _read_part(text: str) -> str:
    """Returns what is read of a text, safely for any string; every character stays at its place."""
    units = units_of(text)
    end = units[MOST_UNITS - 1][1] if len(units) > MOST_UNITS else len(text)
    return text[:end].encode("utf-8", "replace").decode("utf-8")
