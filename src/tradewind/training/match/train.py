"""One run of `match`, from a shop's snapshot to a checkpoint and a report."""

from __future__ import annotations

from pathlib import Path

from tradewind.data.snapshot import Snapshot
from tradewind.models.bi_encoder import save_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import Shop
from tradewind.tasks.translations import Glosses
from tradewind.telemetry import Progress
from tradewind.training.figures import bars_figure, curves_figure
from tradewind.training.match import mixing
from tradewind.training.match.before import measure_before
from tradewind.training.match.bench import make_bench
from tradewind.training.match.companions import learn_map
from tradewind.training.match.tables import TUNED, tables_of
from tradewind.training.match.transformer import tune
from tradewind.training.result import TrainResult, write_report
from tradewind.training.run_facts import run_facts
from tradewind.training.trainer import forget


def train(
    shop: Shop,
    snapshot: Snapshot,
    checkpoint: Checkpoint,
    out: Path,
    progress: Progress,
    glosses: Glosses | None = None,
) -> TrainResult:
    """Tunes `checkpoint` for the shop; `out` gets the folder `encoder` (Hugging Face form), report and event files.

    First the transformer moves, as far as the method lets it (not at all with `head`); over an English catalogue it
    also learns what `glosses` say that Chinese words mean. It is mixed with the untuned one as far as needed for no
    judged search to get worse. Then a linear map is learned that turns a text in the role together into what is bought
    with it; it moves no vector that a search meets. An interrupted run goes on from its
    last checkpoint. Raises DataError when there is nothing to learn from, ConfigError for a method that does not fit.
    """
    bench = make_bench(shop, snapshot, checkpoint, progress, glosses)
    before = measure_before(bench, progress)
    found, share = [], 0.0
    if bench.plan.method != "head":
        curves, mixture = tune(bench, before, shop.settings.learn.match.negatives, out, progress)
        share = mixing.mix(bench, mixture, before, progress)
        found.append(curves)
    found.append(learn_map(bench, shop, out, progress))
    tables = tables_of(bench, before, shop)
    folder = save_bi_encoder(bench.encoder, checkpoint.folder, out / "encoder")
    facts = run_facts(shop, snapshot, checkpoint, bench.plan, found[0]) | {"share of the tuned weights": share}
    rows = tables[0].table.rows
    figures = (
        *map(curves_figure, found),
        bars_figure(tables[0].table.title, rows, ("recall@20", "recall@20 texts"), TUNED),
    )
    shown = tuple(table.table for table in tables)
    report = write_report(out, "match", shown, figures, facts)
    for run in (out, out / "map"):
        forget(run)
    claims = tuple(claim for table in tables for claim in table.claims)
    return TrainResult("match", folder, shown, claims, report, out / "tensorboard", facts)
