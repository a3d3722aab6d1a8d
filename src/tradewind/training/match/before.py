"""The encoder as it came, measured and remembered before anything moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tradewind.tasks.scoring import Role
from tradewind.telemetry import Progress
from tradewind.training.match.bench import Bench, asked_texts
from tradewind.training.match_examples import all_texts


@dataclass(frozen=True, slots=True)
class Before:
    """The untuned encoder's vectors, by role and text: what the run starts from, is measured against and kept near."""

    vectors: Mapping[Role, Mapping[str, np.ndarray]]

    def encode(self, texts: Any, role: Role) -> np.ndarray:
        """Returns the untuned unit vectors (n, d) of texts that were measured in this role."""
        return np.stack([self.vectors[role][text] for text in texts])


def measure_before(bench: Bench, progress: Progress) -> Before:
    """Returns the vectors of all that is ranked, asked, searched for or held in place, as they are now."""
    examples = bench.examples
    asked = list(dict.fromkeys(asked_texts(examples)))
    checks = (examples.tune, examples.report, examples.unseen)
    judged = [query.query for check in checks if check for query in check.queries]
    wanted: dict[Role, list[str]] = {
        "passage": list(dict.fromkeys([*all_texts(examples), *asked])),
        "together": asked,
        "query": list(dict.fromkeys([*examples.words, *judged, *examples.translated.said])),
    }
    progress.start("measuring the untuned encoder", None)
    return Before(
        {role: dict(zip(texts, bench.bank.encode(texts, role), strict=True)) for role, texts in wanted.items()}
    )
