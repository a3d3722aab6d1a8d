"""Whether a model may answer in place of the one that does: what it misses of what its shop asks, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tradewind.errors import ConfigError
from tradewind.evaluation.forgetting import Forgetting
from tradewind.evaluation.judged import METRIC, Judged
from tradewind.settings import GateSettings

LOWER_IS_BETTER: Final = frozenset({"RMSE", "MAE"})


def gate_failures(
    asked: GateSettings, figures: Mapping[str, float], judged: Judged | None, old: Forgetting | None = None
) -> tuple[str, ...]:
    """Returns a sentence for each thing missed, naming it and by how much; none when the model may answer.

    `figures` are the model's by name. A slice is missed when its accuracy lies further below the whole than allowed
    and its interval lies below the whole, so that chance among many slices does not fail a model. What cannot be judged
    (`judged` is None) is missed. `old` is what became of the rows that the version before knew, None without such a
    version. Raises ConfigError for a figure that the run does not have.
    """
    found = list(_metrics(asked, figures))
    limits = (asked.slice_drop, asked.robustness_drop, asked.calibration_error, asked.old_slices)
    if judged is None:
        unjudged = any(limit is not None for limit in limits)
        return (*found, *(["slices cannot be judged: the answers of this task are not one label"] if unjudged else []))
    return (
        *found,
        *_slices(asked, judged),
        *_changes(asked, judged),
        *_calibration(asked, judged),
        *_old_slices(asked, old),
    )


def _metrics(asked: GateSettings, figures: Mapping[str, float]) -> Iterator[str]:
    for name, wanted in asked.metric.items():
        if name not in figures:
            raise ConfigError(
                f"the gate asks for {name!r}, which was not measured", hint=f"known: {', '.join(figures)}"
            )
        got = figures[name]
        lower = name in LOWER_IS_BETTER
        if not (got <= wanted if lower else got >= wanted):
            side = "above" if lower else "below"
            yield f"{name} {got:.4f} is {abs(got - wanted):.4f} {side} the {wanted:g} that is asked"


def _slices(asked: GateSettings, judged: Judged) -> Iterator[str]:
    if asked.slice_drop is None:
        return
    whole = judged.whole.mean
    for one in judged.slices:
        drop = whole - one.mean
        if one.rows >= asked.slice_rows and drop > asked.slice_drop and one.high < whole:
            yield (
                f"slice {one.title}: {judged.metric} {one.mean:.4f} ({one.low:.4f} to {one.high:.4f}, {one.rows} rows) "
                f"is {drop:.4f} below the whole's {whole:.4f}, {asked.slice_drop:g} is allowed"
            )


def _changes(asked: GateSettings, judged: Judged) -> Iterator[str]:
    for one in judged.robustness:
        limit = asked.robustness_drop
        if limit is not None and one.rows >= asked.slice_rows and one.drop.mean > limit:
            yield (
                f"after {one.change}: {judged.metric} falls by {one.drop.mean:.4f} ({one.drop.low:.4f} to "
                f"{one.drop.high:.4f}, {one.rows} rows), {limit:g} is allowed"
            )


def _calibration(asked: GateSettings, judged: Judged) -> Iterator[str]:
    limit, found = asked.calibration_error, judged.calibration_error
    if limit is not None and found is None:
        yield "calibration cannot be judged: the answers have no probability"
    elif limit is not None and found is not None and found > limit:
        way = "surer than right" if judged.confidence > judged.whole.mean else "less sure than right"
        yield f"calibration error {found:.4f} is {found - limit:.4f} above the {limit:g} that is allowed: it is {way}"


def _old_slices(asked: GateSettings, old: Forgetting | None) -> Iterator[str]:
    share = asked.old_slices
    if share is None or old is None:
        return
    if old.whole is None:
        yield f"old slices cannot be judged: no tested row that version {old.version} knew is left in the table"
        return
    for one in (old.whole, *old.slices):
        sure = one is old.whole or (one.rows >= asked.slice_rows and one.high < 0)
        if sure and one.kept < share:
            yield (
                f"old slice {one.title}: {METRIC} {one.after:.4f}, {one.before:.4f} before: it keeps {one.kept:.1%} "
                f"({one.rows} rows), {share:.1%} is asked, {share - one.kept:.1%} more"
            )
