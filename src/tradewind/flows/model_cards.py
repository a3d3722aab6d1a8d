"""Judges an estimator before it answers: its card, and what it misses of its gate."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tradewind.data.examples import PARTS, Examples
from tradewind.data.report import TableReport
from tradewind.errors import GateError
from tradewind.evaluation.forgetting import Forgetting
from tradewind.evaluation.gate import gate_failures
from tradewind.evaluation.judged import Answer, Answered, HeldOut, Judged, judge
from tradewind.evaluation.model_card import CARD_FILE, Cost, ModelCard, limits_of
from tradewind.flows.forgetting import forgotten
from tradewind.flows.judging import judged_scores
from tradewind.flows.judging_pictures import judged_pictures
from tradewind.flows.making import Made
from tradewind.registry.manifest import library_versions
from tradewind.registry.pointers import current
from tradewind.settings import EstimatorSettings, Shop
from tradewind.tasks.estimators import estimator_task, has_labels, open_model, takes_pictures

if TYPE_CHECKING:
    from tradewind.training.result import TrainResult

CARD_PAGE: Final = "card.html"
TUNED: Final = "tuned"
ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that is ready to be published, and what it was made of."""

    name: str
    settings: EstimatorSettings
    examples: Examples
    rows: TableReport
    made: Made


class Stopwatch:
    """Measures a run by the clock and by processors."""

    def __init__(self) -> None:
        self._clock, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> Cost:
        """Returns the time since it was made."""
        return Cost(time.perf_counter() - self._clock, time.process_time() - self._cpu)


def write_card(shop: Shop, candidate: Candidate, watch: Stopwatch) -> ModelCard:
    """Judges the candidate, writes card.json into its bundle and both forms of the card beside its report.

    Raises ConfigError when the gate asks for a figure that was not measured.
    """
    judged = _judged(shop, candidate)
    old = _old(shop, candidate) if judged else None
    tuned = candidate.made.result.metrics.get(TUNED, {})
    gate = candidate.settings.gate
    pictures = takes_pictures(estimator_task(candidate.settings.task))
    card = ModelCard(
        name=candidate.name,
        facts=_facts(shop, candidate),
        run=candidate.made.result.tables,
        judged=judged,
        limits=(
            *_against(candidate.made.result),
            *([old.text()] if old else []),
            *limits_of(judged, fewest=gate.slice_rows, languages=() if pictures else shop.settings.languages),
        ),
        missed=gate_failures(gate, tuned | dict(judged.figures if judged else {}), judged, old),
        cost=watch.read(),
        old=old,
    )
    folder = candidate.made.result.report.parent
    told = json.dumps(card.as_json(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    for place in (folder, candidate.made.bundle):
        (place / CARD_FILE).write_text(told, encoding="utf-8")
    (folder / CARD_PAGE).write_text(card.as_html(), encoding="utf-8")
    return card


def require_gate(shop: Shop, kind: str, card: ModelCard, page: Path) -> None:
    """Raises GateError with everything that was missed; nothing was published then."""
    if not card.missed:
        return
    old = current(shop.artefacts, kind, card.name)
    stays = f"version {old} goes on answering" if old else "nothing answers yet"
    raise GateError(f"not published: {'; '.join(card.missed)}", where=card.name, hint=f"{stays}; the card is {page}")


Read = Callable[[Sequence[str], int], list[dict[str, Any]]]


def _read(candidate: Candidate) -> Read:
    model, reader = open_model(candidate.made.bundle)

    def read(texts: Sequence[str], k: int) -> list[dict[str, Any]]:
        return [reader.read(outputs, text, k) for outputs, text in zip(model.outputs(texts), texts, strict=True)]

    return read


def _old(shop: Shop, candidate: Candidate) -> Forgetting | None:
    """Returns what was forgotten of what the version before knew, None where that one left no memory."""
    if candidate.made.memory is None or not has_labels(estimator_task(candidate.settings.task)):
        return None
    answer = _answer(_read(candidate))
    labels = [_written(target) for target in candidate.examples.targets]

    def named(texts: Sequence[str]) -> list[str]:
        return [label for label, _ in answer(texts)]

    return forgotten(shop, candidate.name, candidate.made.memory, (candidate.examples, labels), named)


def _judged(shop: Shop, candidate: Candidate) -> Judged | None:
    from tradewind.flows.perturbations import PERTURBATIONS

    task = estimator_task(candidate.settings.task)
    if takes_pictures(task):
        return judged_pictures(open_model(candidate.made.bundle), candidate.examples, shop)
    if not has_labels(task):
        return judged_scores(task, open_model(candidate.made.bundle), candidate.examples, shop.settings.learn.seed)
    read = _read(candidate)
    if "labels" not in (known := read(["?"], ALL)[0]):
        return None
    tested = _tested(candidate.examples, shop.settings.learn.seed, {one["label"] for one in known["labels"]})
    return judge(tested, _answer(read), PERTURBATIONS, seed=shop.settings.learn.seed)


def _answer(read: Read) -> Answer:
    def answer(texts: Sequence[str]) -> list[Answered]:
        first = [found["labels"][0] for found in read(texts, 1)]
        return [(str(one["label"]), float(one["probability"])) for one in first]

    return answer


def _tested(examples: Examples, seed: int, known: set[str]) -> HeldOut:
    """The rows that the run tested on: a label that was never learned cannot be named and is counted apart."""
    from tradewind.data.group_rows import group_rows

    rows = group_rows(examples.groups, seed)
    written = [_written(target) for target in examples.targets]
    kept = [row for row in rows.tested if written[row] in known]
    return HeldOut(
        [examples.texts[row] for row in kept],
        [written[row] for row in kept],
        Counter(written[row] for row in rows.learned),
        len(rows.tested) - len(kept),
    )


def _written(target: Any) -> str:
    return " > ".join(target) if isinstance(target, tuple) else str(target)


def _facts(shop: Shop, candidate: Candidate) -> dict[str, Any]:
    weights, rows = candidate.made.weights, candidate.rows
    # Not the source itself: a database's address may hold a password, and cards are passed on.
    columns = candidate.settings.examples.model_dump(include=set(PARTS))
    return {
        "task": candidate.settings.task,
        "method": candidate.settings.method,
        "data": {
            "sha256": candidate.examples.digest(),
            "examples": len(candidate.examples),
            **_accounted(rows, columns),
        },
        "weights": {"source": weights.weights_source, "sha256": weights.sha256, "licence": weights.licence},
        "notice": shop.settings.notice,
        "seed": shop.settings.learn.seed,
        "compression": dict(candidate.made.profile.get("parity", {})),
        "gate": candidate.settings.gate.model_dump(mode="json"),
        "settings": candidate.settings.model_dump(mode="json", exclude={"gate", "task", "method", "examples"}),
        "libraries": library_versions(),
    }


def _accounted(rows: TableReport, columns: Mapping[str, Any]) -> dict[str, Any]:
    told = asdict(rows)
    names = ("source", "read", "stored", "duplicates", "quarantined", "reasons")
    return {name: told[name] for name in names} | {"columns": dict(columns)}


def _against(result: TrainResult) -> list[str]:
    return [
        f"a baseline is better: {claim.claim}: {claim.ours:.4f} beside {claim.peer:.4f}"
        for claim in result.claims
        if not claim.holds and claim.peer is not None
    ]
