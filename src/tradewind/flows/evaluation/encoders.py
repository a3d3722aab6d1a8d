"""The encoders that are compared: as it came, and as it serves; both in the form that serves."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tradewind.flows.publishing import fetch
from tradewind.flows.step import Context
from tradewind.flows.steps.weights import checkpoint_of
from tradewind.runtime.opening import encode_distinct
from tradewind.tasks.scoring import Encode, Role, Scorer, by_chance, by_vectors, by_words, remembering
from tradewind.telemetry import Progress


@dataclass(frozen=True, slots=True)
class Encoders:
    """The pretrained encoder and the one of the current generation, each remembering what it encoded last; `queries` is
    the latter with the smaller one that answers queries in its place, where there is one."""

    untuned: Encode
    tuned: Encode
    seed: int
    queries: Encode | None = None

    def methods(self, role: Role) -> dict[str, Scorer]:
        """Returns the scorers of a comparison in which questions have `role`, by name."""
        found: dict[str, Scorer] = {
            "random": by_chance(self.seed),
            "BM25": by_words,
            "untuned": by_vectors(self.untuned, role),
            "fine-tuned": by_vectors(self.tuned, role),
        }
        if role == "query" and self.queries:
            found["smaller, for queries"] = by_vectors(self.queries, role)
        return found


def encoders_of(context: Context, progress: Progress) -> Encoders:
    """Returns both encoders. The untuned one is compressed in the same way, so that only the tuning differs."""
    served = fetch(context.shop, context.outputs["compress"]).path
    threads, seed = context.shop.settings.learn.threads, context.shop.settings.learn.seed
    tuned = _encode(served, threads, progress)
    return Encoders(_encode(_untuned(context), threads, progress), tuned, seed, _queries(context, tuned, progress))


def _queries(context: Context, tuned: Encode, progress: Progress) -> Encode | None:
    if context.outputs["query_encoder"]["version"] is None:
        return None
    small = _encode(fetch(context.shop, context.outputs["query_encoder"]).path, 1, progress)
    return lambda texts, role: small(texts, role) if role == "query" else tuned(texts, role)


def _untuned(context: Context) -> Path:
    from tradewind.compression.export import export_encoder

    checkpoint = checkpoint_of(context)
    folder = context.shop.scratch / "untuned"
    shutil.rmtree(folder, ignore_errors=True)
    export_encoder(checkpoint.folder, folder, checkpoint.prefixes, context.shop.settings.encoder.max_tokens)
    return folder


def _encode(folder: Path, threads: int, progress: Progress) -> Encode:
    def encode(texts: Sequence[str], role: Role) -> npt.NDArray[np.float32]:
        return encode_distinct(folder, texts, role, threads, progress)

    return remembering(encode)
