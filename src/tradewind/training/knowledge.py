"""What a shop knows beside its examples, as it enters training: a tree of labels, synonyms, attributes, rules.

Each part can be switched off, so that a run says what it is worth.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tradewind.data.attributes import without_columns
from tradewind.data.examples import Examples
from tradewind.data.group_rows import GroupRows
from tradewind.errors import ConfigError
from tradewind.settings import EstimatorSettings
from tradewind.training.estimator_run import EstimatorJob, EstimatorRun, OtherRuns
from tradewind.training.few_labels.weak import NOTHING_SAID

TREE, SYNONYMS, ATTRIBUTES, RULES = "tree", "synonyms", "attributes", "rules"
PARTS: Final = (TREE, SYNONYMS, ATTRIBUTES, RULES)
_OFF: Final[dict[str, Any]] = {TREE: False, SYNONYMS: [], ATTRIBUTES: [], RULES: None}


def parts_in_use(settings: EstimatorSettings) -> tuple[str, ...]:
    """Returns the names of the parts that are switched on."""
    return tuple(part for part in PARTS if getattr(settings.knowledge, part))


def without(settings: EstimatorSettings, part: str) -> EstimatorSettings:
    """Returns the settings with one part switched off."""
    return settings.model_copy(update={"knowledge": settings.knowledge.model_copy(update={part: _OFF[part]})})


def applied(settings: EstimatorSettings) -> EstimatorSettings:
    """Returns the settings with knowledge as what it does: an option of the task's loss, and copies of texts.

    A category is learned flat where its tree is switched off; synonyms are one more way of saying a text differently.
    """
    known, added = settings.knowledge, settings.techniques
    options = settings.options if known.tree is None else settings.options | {"flat": not known.tree}
    if known.synonyms:
        ways = [*added.augment, *([] if SYNONYMS in added.augment else [SYNONYMS])]
        added = added.model_copy(update={"augment": ways, "synonyms": [*added.synonyms, *known.synonyms]})
    return settings.model_copy(update={"options": options, "techniques": added})


def ablated(job: EstimatorJob, asked: EstimatorSettings, examples: Examples, rows: GroupRows, out: Path) -> OtherRuns:
    """Returns the runs that lack one part each, by what they are called: over the same rows, with the same seed.

    Raises ConfigError when no part is in use.
    """
    used = parts_in_use(asked)
    if not used:
        raise ConfigError("there is nothing to take away", hint=f"set knowledge: one of {', '.join(PARTS)}")
    return {f"without {part}": _without(job, asked, part, (examples, rows), out / f"without-{part}") for part in used}


def _without(
    job: EstimatorJob, asked: EstimatorSettings, part: str, given: tuple[Examples, GroupRows], out: Path
) -> EstimatorRun:
    examples, rows = given
    if part == ATTRIBUTES:
        columns = asked.knowledge.attributes
        examples = replace(examples, texts=[without_columns(text, columns) for text in examples.texts])
    weak = NOTHING_SAID if part == RULES else job.weak
    return replace(job, settings=applied(without(asked, part)), weak=weak).run(examples, rows, out)
