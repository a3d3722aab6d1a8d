"""Learns entities with an encoder and a linear tagger as one, beside names known by heart and each half alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from tradewind.data.examples import Examples
from tradewind.errors import DataError
from tradewind.evaluation.entities import entity_counts
from tradewind.tasks.estimators import options_of
from tradewind.tasks.tag.clues import READERS
from tradewind.tasks.tag.entities import Entity, TaggedText, kinds_of
from tradewind.tasks.tag.linear import LINEAR_FILE
from tradewind.tasks.tag.mixture import decoded
from tradewind.tasks.tag.units import units_of
from tradewind.training.supervised.recipe import Rows
from tradewind.training.supervised.run import FineTuned
from tradewind.training.tag.clue_tagger import BITS, ClueSettings, ClueTagger, fit_clues
from tradewind.training.tag.mixed import MixedTagger, mixed_tagger
from tradewind.training.tag.task import TagTask

LONGEST_NAME: Final = 12
Texts = tuple[TaggedText, ...]


class TagRecipe:
    """Options: `linear` (whether the linear half is learned beside the encoder), `linear_epochs` and `smoothing`."""

    augments: ClassVar = False
    """A changed text would leave the offsets where they were."""

    def __init__(self, examples: Examples, options: Mapping[str, Any]) -> None:
        chosen = options_of(options, ("linear", "linear_epochs", "smoothing"), "tag")
        self._linear = bool(chosen.get("linear", True))
        self._epochs = int(chosen.get("linear_epochs", 6))
        self._smoothing = float(chosen.get("smoothing", 0.0))
        self._texts = [
            TaggedText(text, entities) for text, entities in zip(examples.texts, examples.targets, strict=True)
        ]
        self._kinds: tuple[str, ...] = ()
        self._mixed: MixedTagger | None = None

    def task(self, learned: Rows) -> TagTask:
        """Returns the task over the kinds of `learned`. Raises DataError when no text names anything."""
        self._kinds = kinds_of([self._texts[row] for row in learned])
        if not self._kinds:
            raise DataError("no text that is learned names anything")
        return TagTask(self._kinds, self._smoothing)

    def take(self, rows: Rows) -> Texts:
        """Returns those rows; entities of a kind that is never learned are left out."""
        return tuple(
            TaggedText(text.text, tuple(one for one in text.entities if one.kind in self._kinds))
            for text in (self._texts[row] for row in rows)
        )

    def completed(self, done: FineTuned, learned: Rows, validated: Rows, seed: int) -> FineTuned:
        """Returns the run with the linear half beside it, at the weight that validation chooses."""
        if not self._linear:
            return done
        tagger = self._fit(tuple(READERS), learned, seed)
        self._mixed = mixed_tagger(done, tagger.served(), self.take(validated))
        return self._mixed

    def baselines(self, learned: Rows, tested: Rows, seed: int) -> dict[str, dict[str, float]]:
        """Returns names known by heart, the encoder alone where there are two halves, and a character CRF."""
        truth = self.take(tested)
        found = {"names by heart": figures(truth, by_heart(self.take(learned), truth))}
        if self._mixed:
            found["encoder alone"] = self._mixed.encoder_alone(truth)
        served = self._fit(("neighbours",), learned, seed).served()
        linear = [decoded(served.log_probabilities(one.text), units_of(one.text), self._kinds) for one in truth]
        return found | {"character CRF": figures(truth, linear)}

    def config(self) -> dict[str, Any]:
        """Returns the kinds, and what the linear half needs."""
        found: dict[str, Any] = {"kinds": list(self._kinds)}
        if self._mixed:
            found |= {"readers": list(READERS), "bits": BITS, "weight": self._mixed.weight, "files": [LINEAR_FILE]}
        return found

    def notes(self, learned: Rows, tested: Rows) -> Sequence[str]:
        """Says what the halves weigh and which kinds are never learned or rare."""
        counts = Counter(one.kind for row in learned for one in self._texts[row].entities)
        unseen = sorted({one.kind for row in tested for one in self._texts[row].entities} - set(self._kinds))
        said = [f"entities learned: {', '.join(f'{kind} {counts[kind]}' for kind in self._kinds)}."]
        if self._mixed:
            said.append(f"the encoder weighs {self._mixed.weight:g}, the linear half the rest; validation chose it.")
        return [*said, *([f"never learned, and not tested: {', '.join(unseen)}"] if unseen else [])]

    def _fit(self, readers: tuple[str, ...], learned: Rows, seed: int) -> ClueTagger:
        tagger = ClueTagger(self._kinds, [READERS[name] for name in readers])
        return fit_clues(tagger, self.take(learned), ClueSettings(self._epochs, seed=seed))


def figures(truth: Texts, found: Sequence[Sequence[Entity]]) -> dict[str, float]:
    """Returns F1, precision and recall of whole entities."""
    counts = entity_counts([text.entities for text in truth], found)
    return {"entity F1": counts.f1, "precision": counts.precision, "recall": counts.recall}


def by_heart(learned: Texts, asked: Texts) -> list[tuple[Entity, ...]]:
    """Returns the longest names of learned texts that stand in each text, from the left, as their commonest kind."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for text in learned:
        for name, kind in text.named():
            kinds[name.lower()][kind] += 1
    return [_names_in(text.text, kinds) for text in asked]


def _names_in(text: str, kinds: Mapping[str, Counter[str]]) -> tuple[Entity, ...]:
    units, found, first = units_of(text), [], 0
    while first < len(units):
        for last in range(min(first + LONGEST_NAME, len(units)), first, -1):
            start, end = units[first][0], units[last - 1][1]
            if known := kinds.get(text[start:end].lower()):
                found.append(Entity(start, end, known.most_common(1)[0][0]))
                first = last - 1
                break
        first += 1
    return tuple(found)
