"""Step 5: every distinct item text becomes a vector, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tradewind.flows.publishing import fetch
from tradewind.flows.snapshots import snapshot_of
from tradewind.flows.step import Context, Outputs, Step
from tradewind.telemetry import Progress


def _inputs(context: Context) -> dict[str, Any]:
    return {"snapshot": context.outputs["ingest"]["snapshot"], "encoder": context.outputs["compress"]["version"]}


def _run(context: Context, progress: Progress) -> Outputs:
    from tradewind.runtime.opening import encode_distinct

    encoder = fetch(context.shop, context.outputs["compress"])
    texts = snapshot_of(context).items()["text"].to_pylist()
    vectors = encode_distinct(encoder.path, texts, "passage", context.shop.settings.learn.threads, progress)
    target = context.shop.work / "vectors" / f"{encoder.version}.npy"
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".tmp.npy")
    np.save(fresh, vectors)
    fresh.replace(target)
    return {"file": str(target), "items": len(texts)}


def vectors_of(context: Context) -> np.ndarray:
    """Returns the float32 (items, dimension) matrix, a row for each row of the snapshot's items; memory-mapped."""
    vectors: np.ndarray = np.load(context.outputs["encode"]["file"], mmap_mode="r", allow_pickle=False)
    return vectors


def _present(context: Context, outputs: Outputs) -> bool:
    return Path(outputs["file"]).is_file()


STEP = Step("encode", "Encode the catalogue", 110.0, _inputs, _run, _present, grows_with="items", least=2.0)
