"""Step 4: the encoder becomes a small ONNX bundle, is held against its original, and is published."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from tradewind.errors import DataError
from tradewind.flows.publishing import facts_of, is_there, publish_files, stored
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.tasks.baskets import baskets, time_cuts
from tradewind.tasks.bought_together import recall
from tradewind.tasks.catalogue_texts import catalogue_texts, item_texts
from tradewind.tasks.match_report import held_out
from tradewind.tasks.scoring import Encode, by_vectors, remembering
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.compression.encoder import Metric

EVER: Final = datetime(1, 1, 1, tzinfo=UTC)
HELD_OUT: Final = 200
"""Texts on which the small model is held against the large one."""
QUESTIONS: Final = 4000
RANKED: Final = 800
"""Size of the recall that may not fall: what is bought with an item, among the best-selling texts."""


def _inputs(context: Context) -> dict[str, Any]:
    return {
        "match": context.outputs["match"]["folder"],
        "metrics": context.outputs["match"]["metrics"],
        "encoder": context.shop.settings.encoder.model_dump(),
    }


def _run(context: Context, progress: Progress) -> Outputs:
    from tradewind.compression.encoder import compress_encoder

    out = context.shop.scratch / "encoder"
    shutil.rmtree(out, ignore_errors=True)
    settings, match = context.shop.settings.encoder, context.outputs["match"]
    snapshot = snapshot_of(context)
    items, events = snapshot.items(), snapshot.events(types=["purchase"])
    small = compress_encoder(
        Path(match["folder"]),
        out,
        prefixes=checkpoint_of(context).prefixes,
        max_tokens=settings.max_tokens,
        held_out=least_seen(items, events),
        metric=_metric(items, events, context.shop.settings.learn.seed),
        progress=progress,
    )
    facts = facts_of(
        context,
        parents=[],
        config={"encoder": settings.model_dump(), "tuned": match["report"] is not None},
        metrics={"match": match["metrics"], "parity": small.report},
        profile=small.profile,
    )
    return stored(publish_files(context.shop, "encoder", "match", out, facts)) | {"parity": small.report}


def least_seen(items: pa.Table, events: pa.Table) -> list[str]:
    """Returns HELD_OUT distinct texts: those that learning, which follows purchases, saw least of.

    A catalogue of few texts is made up to that number with everyday words of shops.
    """
    from tradewind.training.match_examples import shop_words

    texts = catalogue_texts(item_texts(items), baskets(events, items["id"], None, None).popularity(items.num_rows))
    order = np.argsort(texts.sold, kind="stable")
    pool = order[: max(HELD_OUT, len(order) // 2)]
    own = [texts.texts[row] for row in pool[:: max(1, len(pool) // HELD_OUT)][:HELD_OUT]]
    return list(dict.fromkeys([*own, *shop_words()]))[:HELD_OUT]


def _metric(items: pa.Table, events: pa.Table, seed: int) -> Metric | None:
    """Returns recall@20 of what is bought with an item; None without baskets.

    Two encodings of one model are compared, so nothing needs to be held back: all purchases are asked about, since a
    figure from few of them moves by more than the gate allows when a single answer changes its place.
    """
    try:
        until = time_cuts(events).test
        check = held_out(items, events, learned_until=until, since=EVER, questions=QUESTIONS, ranked=RANKED, seed=seed)
    except DataError:
        return None

    def measure(encode: Encode) -> np.ndarray:
        return recall(check, by_vectors(remembering(encode), "together")).texts

    return measure


STEP = Step(
    "compress",
    "Compress the encoder and hold it against its original",
    60.0,
    _inputs,
    _run,
    is_there,
    grows_with="items",
    least=20.0,
)
