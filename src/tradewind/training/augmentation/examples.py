"""Examples with changed copies of those that are learned, as shop.yaml asks; what is tested is never changed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tradewind.data.examples import Examples
from tradewind.settings import TechniqueSettings
from tradewind.training.augmentation import Sources, augmented, changes

Rows = npt.NDArray[np.int64]


def with_copies(examples: Examples, learned: Rows, asked: TechniqueSettings, seed: int) -> tuple[Examples, Rows]:
    """Returns the examples with the copies behind them, and the rows to learn from: those in `learned`, and theirs.

    Raises ConfigError for a way of changing texts that is not known.
    """
    if not asked.augment:
        return examples, learned
    texts = [examples.texts[row] for row in learned]
    made = changes(asked.augment, Sources(texts=texts, synonyms=asked.synonyms))
    copies, origins = augmented(texts, made, copies=asked.copies, seed=seed)
    rows = [int(learned[origin]) for origin in origins]
    first = len(examples)
    whole = Examples(
        [*examples.texts, *copies],
        [*examples.seconds, *(examples.seconds[row] for row in rows)],
        [*examples.targets, *(examples.targets[row] for row in rows)],
        [*examples.groups, *(examples.groups[row] for row in rows)],
    )
    return whole, np.concatenate([learned, np.arange(first, first + len(copies))]).astype(np.int64)
