"""Step 4: the encoder becomes a small ONNX bundle, is held against its original, and is published."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
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
CALIBRATED: Final = 48
"""Texts of the catalogue that its integers are scaled by, beside everyday words; three times as many change nothing."""
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
    texts = parity_texts(items, events)
    small = compress_encoder(
        Path(match["folder"]),
        out,
        prefixes=checkpoint_of(context).prefixes,
        max_tokens=settings.max_tokens,
        held_out=texts.held_out,
        calibration=texts.calibration,
        precision=settings.precision,
        metric=_metric(items, events, context.shop.settings.learn.seed),
        progress=progress,
    )
    facts = facts_of(
        context,
        parents=[],
        config={
            "encoder": settings.model_dump(),
            "tuned": match["report"] is not None,
            "precision": small.precision,
            "refused": small.refused,
        },
        metrics={"match": match["metrics"], "parity": small.report},
        profile=small.profile,
    )
    return stored(publish_files(context.shop, "encoder", "match", out, facts)) | {"parity": small.report}


@dataclass(frozen=True, slots=True)
class ParityTexts:
    """Texts to hold the small model against the large one by, and others to scale its integers by."""

    held_out: list[str]
    calibration: list[str]


def parity_texts(items: pa.Table, events: pa.Table) -> ParityTexts:
    """Returns distinct texts, none in both lists: held out are those that learning, which follows purchases, saw least.

    A catalogue of few texts is made up with everyday words of shops, of which calibration gets every other.
    """
    from tradewind.training.match_examples import shop_words

    texts = catalogue_texts(item_texts(items), baskets(events, items["id"], None, None).popularity(items.num_rows))
    order, words = np.argsort(texts.sold, kind="stable"), shop_words()
    least, most = order[: len(order) // 2], order[len(order) // 2 :]
    calibration = dict.fromkeys([*_spread(texts.texts, most, CALIBRATED), *words[::2]])
    held_out = dict.fromkeys([*_spread(texts.texts, least, HELD_OUT), *words[1::2]])
    return ParityTexts([text for text in held_out if text not in calibration][:HELD_OUT], list(calibration))


def _spread(texts: Sequence[str], rows: np.ndarray, count: int) -> list[str]:
    """Returns at most `count` of the texts of `rows`, evenly over their order."""
    return [texts[row] for row in rows[:: max(1, len(rows) // count)][:count]]


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
