"""Weak labels: what a shop's hand-written rules say of texts that nobody labelled, learned as if people had said it.

Rules are held to the rows that are learned from before they speak, and where they contradict one another they say
nothing (Ratner et al., "Snorkel: rapid training data creation with weak supervision", VLDB 2018, weigh them instead).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tradewind.data.examples import Examples
from tradewind.data.label_rules import Rule, Rules, read_rules
from tradewind.data.unlabelled import read_unlabelled
from tradewind.errors import ConfigError
from tradewind.settings import EstimatorSettings, Shop
from tradewind.tasks.estimators import estimator_task, has_labels
from tradewind.tasks.label_probabilities import written_label
from tradewind.training.few_labels.pseudo import Guessed, Numbers, unseen_texts

PRECISION: Final = 0.8
"""A rule that is right for fewer of the learned rows that it speaks of says nothing more."""
LEAST_ROWS: Final = 5
"""Of fewer rows nothing is concluded about a rule."""


@dataclass(frozen=True, slots=True)
class WeakLabels:
    """What the rules say of unlabelled texts, the rules themselves, and what is worth saying of them."""

    said: Guessed = field(default_factory=Guessed)
    rules: Rules = field(default_factory=lambda: Rules(()))
    notes: tuple[str, ...] = ()

    def left_open(self, texts: Sequence[str]) -> list[str]:
        """Returns the texts that the rules gave no label."""
        ruled = set(self.said.texts)
        return [text for text in texts if text not in ruled]

    def allowed(self, guessed: Guessed) -> Guessed:
        """Returns the guesses but for those that a rule forbids."""
        pairs = zip(guessed.texts, guessed.labels, strict=True)
        kept = [(text, label) for text, label in pairs if not self.rules.forbids(text, label)]
        return Guessed([text for text, _ in kept], [label for _, label in kept])


NOTHING_SAID: Final = WeakLabels()


def weak_labels(shop: Shop, settings: EstimatorSettings, examples: Examples, learned: Numbers) -> WeakLabels:
    """Returns what `knowledge.rules` say of the texts of `examples.unlabelled`; nothing without either.

    Raises ConfigError for a task without labels, a file that cannot be read, or a label that no learned row has.
    """
    path, pool = settings.knowledge.rules, settings.examples.unlabelled
    if path is None or pool is None:
        return NOTHING_SAID
    task = estimator_task(settings.task)
    if not has_labels(task):
        raise ConfigError(f"knowledge.rules is for tasks that give a text one label, not for {settings.task}")
    rules = read_rules(shop.root / path, shown=path).written_as(lambda label: written_label(task.parse(label)))
    truth = [(examples.texts[row], written_label(examples.targets[row])) for row in learned]
    _require_known(rules, {label for _, label in truth})
    kept = Rules(tuple(rule for rule in rules.rules if _is_right(rule, truth)))
    texts = unseen_texts(read_unlabelled(pool, shop.root), examples)
    said = _said(kept, texts, pool.per_class)
    notes = [f"Rules give {len(said)} of {len(texts)} unlabelled texts a label, {_right(kept, truth)}."]
    for rule in rules.rules:
        if rule not in kept.rules:
            notes.append(f"The rule at {rule.stands} is too often wrong about learned rows, and left out.")
    return WeakLabels(said, kept, tuple(notes))


def _said(rules: Rules, texts: Sequence[str], per_class: int) -> Guessed:
    said, counted = Guessed(), dict[str, int]()
    for text in texts:
        label = rules.label_of(text)
        if label is not None and counted.get(label, 0) < per_class:
            counted[label] = counted.get(label, 0) + 1
            said.texts.append(text)
            said.labels.append(label)
    return said


def _is_right(rule: Rule, truth: Sequence[tuple[str, str]]) -> bool:
    spoken = [rule.agrees(label) for text, label in truth if rule.speaks_of(text)]
    return len(spoken) < LEAST_ROWS or sum(spoken) >= PRECISION * len(spoken)


def _right(rules: Rules, truth: Sequence[tuple[str, str]]) -> str:
    spoken = [given == label for text, label in truth if (given := rules.label_of(text)) is not None]
    return f"and are right for {sum(spoken)} of the {len(spoken)} learned rows that they give one"


def _require_known(rules: Rules, known: set[str]) -> None:
    for rule in rules.rules:
        if rule.label not in known:
            near = ", ".join(sorted(known)[:5])
            raise ConfigError(f"no learned row is labelled {rule.label!r}", where=rule.stands, hint=f"labels: {near}")
