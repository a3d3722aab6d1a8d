"""What an estimator came to on rows that it never saw, beside what it has to beat."""

from __future__ import annotations

from typing import Any, Final, Protocol, runtime_checkable

from tradewind.data.group_rows import GroupRows, Rows
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Table
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.training.estimator_run import EstimatorJob, EstimatorRun, OtherRuns
from tradewind.training.few_labels.descriptions import by_description

TUNED: Final = "tuned"


def figures_table(
    name: str, run: EstimatorRun, rows: GroupRows, job: EstimatorJob, beside: tuple[OtherRuns, tuple[str, ...]]
) -> Table:
    """Returns the run's figures on the tested rows beside those `beside` it, its baselines, and what is to be said."""
    job.progress.start("measuring against baselines", None)
    learn, notice = job.shop.settings.learn, job.shop.settings.notice
    tuned = _figures(run, rows)
    # The strongest baseline stays last: it is the one that the claim is about.
    found = {other: _figures(one, rows) for other, one in beside[0].items()}
    found |= by_description(run.recipe, rows.tested, job.checkpoint, job.settings.max_tokens)
    found |= run.recipe.baselines(rows.learned, rows.tested, learn.seed)
    found |= _untuned(run.recipe, rows, job) | {TUNED: tuned}
    columns = tuple(column for column in tuned if not column.startswith("-"))
    shown = {
        row: {column: figures[column] for column in columns if column in figures} for row, figures in found.items()
    }
    notes = (
        f"{len(rows.learned)} rows learned, {len(rows.validated)} validated, {len(rows.tested)} tested, no group in "
        f"two of them; seed {learn.seed}.",
        *run.recipe.notes(rows.learned, rows.tested),
        *beside[1],
        *([notice] if notice else []),
    )
    return Table(f"{name}: on examples that were never learned", columns, shown, TUNED, notes)


@runtime_checkable
class Comparable(Protocol):
    """A recipe whose examples the pretrained encoder answers as it is."""

    def untuned(self, tested: Rows, encoder: BiEncoder) -> dict[str, float]:
        """Returns the figures of the pretrained encoder on `tested`."""


def _untuned(recipe: Any, rows: GroupRows, job: EstimatorJob) -> dict[str, dict[str, float]]:
    if not isinstance(recipe, Comparable):
        return {}
    checkpoint = job.checkpoint
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=job.settings.max_tokens)
    return {"untuned": recipe.untuned(rows.tested, encoder)}


def _figures(run: EstimatorRun, rows: GroupRows) -> dict[str, float]:
    examples = run.recipe.take(rows.tested)
    return run.done.task.figures(run.done.outputs(examples), examples)


def claims_of(name: str, table: Table) -> tuple[Claim, ...]:
    """Returns one claim: the tuned model beside the strongest baseline, the last one, in the first column."""
    strongest = [row for row in table.rows if row != TUNED][-1]
    column = table.columns[0]
    better: Any = "lower" if column in ("RMSE", "MAE") else "higher"
    ours, peer = table.rows[TUNED][column], table.rows[strongest][column]
    return (Claim(f"{name}: {column} on unseen groups, against {strongest}", ours, peer, column, 1.0, better),)
