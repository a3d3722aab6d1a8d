"""A model card: what a model was made of, how good it was found and where it fails, written by the run that made it.

Mitchell et al., "Model Cards for Model Reporting", FAT* 2019. Nothing in it is typed by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tradewind.evaluation.forgetting import Forgetting
from tradewind.evaluation.judged import METRIC, Judged
from tradewind.evaluation.report import Page, Table
from tradewind.evaluation.slices import Slice

CARD_FILE: Final = "card.json"
WATTS: Final = 15.0
"""Taken for a core that is busy: an assumption, in place of a meter."""
SHOWN: Final = 30
"""Slices of a kind on the page, the worst ones; card.json has all."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The time that a run took, by the clock and of processors."""

    seconds: float
    cpu_seconds: float

    def as_json(self) -> dict[str, Any]:
        """Returns both, and the energy that WATTS a busy core would come to, marked as an estimate."""
        hours = round(self.cpu_seconds * WATTS / 3600, 4)
        times = {"seconds": round(self.seconds, 2), "cpu_seconds": round(self.cpu_seconds, 2)}
        return times | {"energy_estimate": {"watt_hours": hours, "watts_per_busy_core": WATTS, "measured": False}}


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The card. `facts` are what made the model, as JSON; `run` the figures of the run beside its baselines, measured
    before compression; `judged` those of the model as it is published, None where its answers are not one label."""

    name: str
    facts: Mapping[str, Any]
    run: Sequence[Table]
    judged: Judged | None
    limits: Sequence[str]
    missed: Sequence[str]
    cost: Cost
    old: Forgetting | None = None
    """What became of the rows that the version before knew."""

    def as_json(self) -> dict[str, Any]:
        """Returns it for card.json."""
        return {
            "format": 1,
            "name": self.name,
            **self.facts,
            "run": {table.title: _plain(table.as_json()) for table in self.run},
            "notes": [note for table in self.run for note in table.notes],
            "published": _plain(self.judged.as_json()) if self.judged else None,
            "old": _plain(self.old.as_json()) if self.old else None,
            "limits": list(self.limits),
            "gate_missed": list(self.missed),
            "cost": self.cost.as_json(),
        }

    def as_html(self) -> str:
        """Returns a page that stands alone."""
        old = [_old_rows(self.old)] if self.old and self.old.whole else []
        tables = [*self.run, *old, *(_tables(self.judged) if self.judged else [])]
        limits = Table("Known limits, from what was measured", (), {}, notes=tuple(self.limits))
        gate = [Table("The gate: not published", (), {}, notes=tuple(self.missed))] if self.missed else []
        facts = {name: str(value) for name, value in [*self.facts.items(), *self.cost.as_json().items()]}
        return Page(f"Model card: {self.name}", facts, [*gate, limits, *tables]).as_html()


def limits_of(judged: Judged | None, *, fewest: int, languages: Sequence[str] = ()) -> tuple[str, ...]:
    """Returns in words where the model fails or was not measured; `fewest` rows make a slice one to speak of.

    `languages` are those that it is meant for.
    """
    if judged is None:
        return ("not measured by slice: the answers of this task are not one label",)
    return tuple(_limits(judged, fewest, languages))


def _limits(judged: Judged, fewest: int, languages: Sequence[str]) -> Iterator[str]:
    whole = judged.whole
    if judged.rows < 100:
        yield f"tested on {judged.rows} rows: {judged.metric} lies between {whole.low:.3f} and {whole.high:.3f}"
    large = [one for one in judged.slices if one.rows >= fewest]
    if large:
        yield _lowest(min(large, key=lambda one: one.mean), judged, fewest)
    small = len(judged.slices) - len(large)
    if small:
        yield f"{small} slices hold fewer than {fewest} tested rows: their intervals say little"
    yield from _hurt(judged)
    if judged.reliability:
        gap = judged.confidence - _right(judged)
        yield f"it is {'surer' if gap > 0 else 'less sure'} than right by {abs(gap):.3f} on average"
    tested = {part for one in judged.languages for part in one.split("+")}
    for language in languages:
        if language not in tested:
            yield f"no tested text is in {language}: how good it is there was not measured"
    if judged.left_out:
        yield f"{judged.left_out} tested rows have an answer that was never learned and are in no figure here"


def _right(judged: Judged) -> float:
    """The share of what was named that is right."""
    rows = sum(n for _, _, n in judged.reliability)
    return sum(share * n for _, share, n in judged.reliability) / max(rows, 1)


def _lowest(worst: Slice, judged: Judged, fewest: int) -> str:
    whole = judged.whole
    said = f"{worst.title}, {judged.metric} {worst.mean:.3f} ({worst.low:.3f} to {worst.high:.3f}, {worst.rows} rows)"
    if worst.high < whole.mean:
        return f"worst slice: {said}, the whole has {whole.mean:.3f}"
    return f"no slice of {fewest} rows or more lies below the whole by more than chance; the lowest: {said}"


def _hurt(judged: Judged) -> Iterator[str]:
    hurt = [one for one in judged.robustness if one.drop.low > 0]
    if hurt:
        worst = max(hurt, key=lambda one: one.drop.mean)
        yield f"most hurt by {worst.change}: {judged.metric} falls from {worst.before:.3f} to {worst.after:.3f}"
    elif judged.robustness:
        tried = ", ".join(one.change for one in judged.robustness)
        yield f"no change that was tried costs more than chance would: {tried}"


def _tables(judged: Judged) -> Iterator[Table]:
    for by in dict.fromkeys(one.by for one in judged.slices):
        yield _slices(judged, by)
    if judged.robustness:
        yield _changes(judged)
    if judged.reliability:
        yield _reliability(judged)


def _slices(judged: Judged, by: str) -> Table:
    columns = (judged.metric, "low", "high")
    slices = [one for one in judged.slices if one.by == by]
    rows = {f"{one.name} ({one.rows} rows)": _values(columns, one.mean, one.low, one.high) for one in slices[:SHOWN]}
    rows["all"] = _values(columns, judged.whole.mean, judged.whole.low, judged.whole.high)
    more = (f"{len(slices) - SHOWN} more are in {CARD_FILE}.",) if len(slices) > SHOWN else ()
    return Table(f"As published, by {by}, with 95 % intervals", columns, rows, "all", more, down=by)


def _changes(judged: Judged) -> Table:
    columns = ("before", "after", "drop", "low", "high")
    rows = {
        f"{one.change} ({one.rows} rows)": _values(
            columns, one.before, one.after, one.drop.mean, one.drop.low, one.drop.high
        )
        for one in judged.robustness
    }
    title = f"As published, {judged.metric} after changes of what is read, on the rows that they touch"
    return Table(title, columns, rows, down="change")


def _reliability(judged: Judged) -> Table:
    columns = ("probability", "right")
    rows = {f"{at} ({n} rows)": _values(columns, p, share) for at, (p, share, n) in enumerate(judged.reliability, 1)}
    note = f"Expected calibration error {judged.calibration_error or 0.0:.4f} over 15 bins of equal width."
    return Table("As published, reliability in bins of equal size", columns, rows, notes=(note,), down="bin")


def _old_rows(old: Forgetting) -> Table:
    columns = ("before", "after", "kept")
    named = [*old.slices[:SHOWN], *([old.whole] if old.whole else [])]
    rows = {f"{one.title} ({one.rows} rows)": _values(columns, one.before, one.after, one.kept) for one in named}
    notes = (f"Backward transfer {old.transfer:+.4f}: the mean change of the accuracy over labels.",)
    title = f"As published, {METRIC} on tested rows that version {old.version} knew, before and after"
    return Table(title, columns, rows, notes=notes, down="slice")


def _values(columns: Sequence[str], *values: float) -> dict[str, float]:
    return dict(zip(columns, values, strict=True))


def _plain(value: Any) -> Any:
    """JSON has no word for what is not a number."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and value != value else value
