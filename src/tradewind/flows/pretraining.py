"""`tradewind pretrain DIR`: the encoder goes on with its pretraining on the shop's own texts."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradewind.data.snapshot import latest_snapshot
from tradewind.data.unlabelled import read_unlabelled
from tradewind.errors import ConfigError
from tradewind.evaluation.report import Table
from tradewind.flows.estimators import pretrained
from tradewind.settings import Shop, UnlabelledSettings
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.models.pretrained import Checkpoint
    from tradewind.training.pretraining.run import Pretrained

NEAR_ENOUGH: Final = 0.9
"""The rank correlation under which a search should be measured before the new encoder is taken."""


@dataclass(frozen=True, slots=True)
class PretrainedFolder:
    """The folder that `encoder.pretrained: dir:…` takes, and the figures before and after."""

    folder: Path
    table: Table
    report: Path


def pretrain_encoder(shop: Shop, out: Path | None, progress: Progress) -> PretrainedFolder:
    """Returns the encoder after a run over the shop's texts, written to `out` (left out: a folder of the shop).

    Raises ConfigError for a family that cannot, DataError for too few texts, NotFoundError before the catalogue was
    read.
    """
    from tradewind.training.pretraining.run import pretrain, require_masked_family
    from tradewind.training.tracking import tracked

    checkpoint = pretrained(shop, progress)
    require_masked_family(checkpoint)
    texts = shop_texts(shop)
    learn = shop.settings.learn
    scratch = shop.scratch / "pretrain"
    with tracked(shop, "pretrain", progress) as run:
        done = pretrain(checkpoint, texts, learn.pretrain, learn, scratch, progress)
        run.final({f"perplexity {name}": value for name, value in done.perplexity.items()})
    folder = _write(shop, done, checkpoint, out or shop.work / "pretrained")
    table = _table(shop, done)
    return PretrainedFolder(folder, table, _report(shop, done, table, checkpoint))


def shop_texts(shop: Shop) -> list[str]:
    """Returns the distinct texts that `learn.pretrain` names: the catalogue's, those of a table, or both."""
    settings = shop.settings.learn.pretrain
    found: dict[str, None] = {}
    if settings.catalogue:
        found.update((text, None) for text in latest_snapshot(shop).items()["text"].to_pylist() if text)
    if settings.texts:
        asked = UnlabelledSettings(source=settings.texts.source, text=settings.texts.text)
        found.update((text, None) for text in read_unlabelled(asked, shop.root))
    if not found:
        raise ConfigError("learn.pretrain names no texts", hint="set catalogue: true, or a table under texts")
    return list(found)


def _write(shop: Shop, done: Pretrained, checkpoint: Checkpoint, folder: Path) -> Path:
    """The folder is whole or as it was before."""
    from tradewind.models.bi_encoder import save_bi_encoder
    from tradewind.models.origin import Origin, write_origin

    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    save_bi_encoder(done.encoder, checkpoint.folder, fresh)
    made = {"by": "tradewind pretrain", "shop": shop.settings.shop, "texts": done.texts, "steps": done.curves.best_step}
    origin = Origin(
        checkpoint.weights_source, checkpoint.sha256, checkpoint.licence, checkpoint.prefixes, made,
        shop.settings.notice or "",
    )  # fmt: skip
    write_origin(origin, fresh)
    shutil.rmtree(folder, ignore_errors=True)
    return fresh.replace(folder)


def _table(shop: Shop, done: Pretrained) -> Table:
    notes = [
        f"{done.texts} texts learned; hidden words of texts that were never learned; seed {done.plan.seed}.",
        "before: the encoder as it was, read by a head that was learned for it; frequencies: nothing is read.",
        f"The order of nearness among held-out texts kept a rank correlation of {done.order_kept:.3f}.",
    ]
    if done.order_kept < NEAR_ENOUGH:
        notes.append(
            "Foretelling words bends the vectors: run `tradewind up` and `tradewind evaluate` before this encoder "
            "answers searches, and tune it by match or by contrast."
        )
    rows = {name: {"perplexity": value} for name, value in done.perplexity.items()}
    notice = [shop.settings.notice] if shop.settings.notice else []
    return Table("Continued pretraining", ("perplexity",), rows, "after", (*notes, *notice), "encoder")


def _report(shop: Shop, done: Pretrained, table: Table, checkpoint: Checkpoint) -> Path:
    from tradewind.training.figures import curves_figure
    from tradewind.training.result import write_report

    facts = {
        "shop": shop.settings.shop,
        "seed": done.plan.seed,
        "weights": checkpoint.weights_source,
        "weights sha256": checkpoint.sha256,
        "licence": checkpoint.licence,
        "plan": asdict(done.plan),
    }
    return write_report(shop.scratch / "pretrain", "pretraining", (table,), (curves_figure(done.curves),), facts)
