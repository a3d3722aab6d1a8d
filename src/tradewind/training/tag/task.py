"""The task `tag` as the trainer sees it: a label for the first token of every unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from tradewind.evaluation.entities import entity_counts
from tradewind.models.bi_encoder import BiEncoder
from tradewind.tasks.tag.decoding import log_softmax as log_probabilities
from tradewind.tasks.tag.entities import TaggedText, label_names, labels_of
from tradewind.tasks.tag.mixture import Scores, decoded
from tradewind.tasks.tag.unit_tokens import UnitTokens
from tradewind.tasks.tag.units import units_of
from tradewind.training.supervised.task import IGNORED, Rows


@dataclass(slots=True)
class TagTask:
    """Entities of `kinds` in texts; examples are sequences of TaggedText."""

    kinds: tuple[str, ...]
    smoothing: float = 0.0
    name: str = "tag"
    tokenwise: bool = True
    _places: dict[str, list[int]] = field(default_factory=dict, repr=False)
    """Where the units of a text lie among its tokens, for every text that `rows` has read."""

    @property
    def outputs(self) -> int:
        """One number a label."""
        return len(label_names(self.kinds))

    def rows(self, examples: Sequence[TaggedText], encoder: BiEncoder) -> Rows:
        """Returns one row a text; only the first token of a unit has a label."""
        tokens = UnitTokens(encoder.tokenizer, encoder.max_tokens)
        ids, targets = [], []
        for example in examples:
            units = units_of(example.text)
            row, places = tokens.read(example.text, units)
            target = np.full(len(row), IGNORED, dtype=np.int64)
            self._places[example.text] = places
            target[places] = labels_of(example, units[: len(places)], self.kinds)
            ids.append(row)
            targets.append(target)
        return Rows(ids, {"label": targets})

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Returns the mean cross-entropy over units."""
        flat = outputs.flatten(0, 1)
        return cross_entropy(flat, targets["label"].flatten(), ignore_index=IGNORED, label_smoothing=self.smoothing)

    def divergence(
        self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        """Returns the symmetric Kullback-Leibler divergence over units."""
        counts = targets["label"] != IGNORED
        a, b = (log_softmax(outputs[counts], dim=-1) for outputs in (first, second))
        sides = (kl_div(x, y, reduction="batchmean", log_target=True) for x, y in ((a, b), (b, a)))
        return torch.stack(list(sides)).sum() / 2

    def figures(self, outputs: Sequence[npt.NDArray[np.float32]], examples: Sequence[TaggedText]) -> dict[str, float]:
        """Returns F1, precision and recall of whole entities, decoded from the outputs of `rows`."""
        found = [
            decoded(self.unit_scores(output, example.text), units_of(example.text), self.kinds)
            for output, example in zip(outputs, examples, strict=True)
        ]
        counts = entity_counts([example.entities for example in examples], found)
        return {"entity F1": counts.f1, "precision": counts.precision, "recall": counts.recall}

    def unit_scores(self, output: npt.NDArray[np.float32], text: str) -> Scores:
        """Returns log p (units, labels) of a text that `rows` has read; units that were cut off are missing."""
        return log_probabilities(output[self._places[text]])
