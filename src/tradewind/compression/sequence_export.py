"""A trained sequence model as a bundle that serves without torch: int8 item vectors, ONNX, proof that they agree."""

from __future__ import annotations

import json
import logging
import shutil
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save_file

from tradewind.data.features.basket_counts import FEATURES, History, household_features
from tradewind.data.features.basket_times import TIME_FEATURES, basket_times
from tradewind.errors import ParityError
from tradewind.models.sequence import ItemSide, SequenceModel, pool
from tradewind.runtime import sequence as runtime
from tradewind.runtime.blend import best
from tradewind.training.next_item.answers import ndcg_at_ten
from tradewind.training.next_item.result_folder import Probe, SequenceWeights, read_result, statistics_arrays

Floats = npt.NDArray[np.float32]
LEAST_COSINE: Final = 0.999
LEAST_OVERLAP: Final = 0.95
MOST_LOSS: Final = 0.01
"""Relative, of nDCG@10; below `FEWEST` probes a single basket would decide it."""
FEWEST: Final = 200


@dataclass(frozen=True, slots=True)
class SequenceParity:
    """How near a bundle is to its model, over the probes' histories: the worst `cosine` of user vectors, the mean
    `overlap` of the ten best items, nDCG@10 of both, bytes of item vectors over those of float32, and milliseconds to
    score the vocabulary once (median, one thread)."""

    probes: int
    cosine: float
    overlap: float
    ndcg_model: float
    ndcg_bundle: float
    size_ratio: float
    milliseconds: float

    def check(self) -> None:
        """Raises ParityError naming what is too far off."""
        lost = (self.ndcg_model - self.ndcg_bundle) / self.ndcg_model if self.ndcg_model else 0.0
        wrong = {
            f"cosine {self.cosine:.4f} is below {LEAST_COSINE}": self.cosine < LEAST_COSINE,
            f"top-10 overlap {self.overlap:.3f} is below {LEAST_OVERLAP}": self.overlap < LEAST_OVERLAP,
            f"nDCG@10 falls by {lost:.1%}": self.probes >= FEWEST and lost > MOST_LOSS,
        }
        found = [words for words, off in wrong.items() if off]
        if found:
            raise ParityError(f"the exported sequence model differs: {'; '.join(found)}")


def export_sequence(result: Path, out: Path) -> SequenceParity:
    """Returns how near the bundle written to `out` is to the trained model in `result`.

    Raises ParityError, leaving no bundle, when it is not near enough.
    """
    weights, probes = read_result(result)
    out.mkdir(parents=True, exist_ok=True)
    _write_user_side(weights.model, out / runtime.MODEL)
    _write_items(weights, out / runtime.ITEMS)
    shutil.copyfile(result / "items.txt", out / runtime.IDS)
    facts = {
        "format": runtime.FORMAT,
        "features": list(FEATURES),
        "times": list(TIME_FEATURES),
        "window": weights.model.shape.window,
        "dimension": weights.model.shape.dimension,
        "items": len(weights.ids),
    }
    _write_facts(out, facts)
    parity = compare(weights, runtime.SequenceModel(out), probes)
    try:
        parity.check()
    except ParityError:
        shutil.rmtree(out)
        raise
    _write_facts(out, facts | {"parity": asdict(parity)})
    return parity


def compare(weights: SequenceWeights, bundle: runtime.SequenceModel, probes: Sequence[Probe]) -> SequenceParity:
    """Returns how near `bundle` is to `weights` on the probes."""
    rows, spent = [], []
    for probe in probes:
        vector = _user_vector(weights, probe.history)
        began = time.perf_counter()
        ours = bundle.score_rows(probe.history)
        spent.append((time.perf_counter() - began) * 1000.0)
        theirs = _scores(weights, vector, probe.history)
        tops = best(theirs, 10), best(ours, 10)
        rows.append(
            (
                _cosine(vector, bundle.user_vector(probe.history)),
                len(np.intersect1d(*tops)) / max(len(tops[0]), 1),
                *(ndcg_at_ten(top, probe.truth) for top in tops),
            )
        )
    cosine, overlap, model, ours_ndcg = np.array(rows).T
    return SequenceParity(
        probes=len(probes),
        cosine=float(cosine.min()),
        overlap=float(overlap.mean()),
        ndcg_model=float(model.mean()),
        ndcg_bundle=float(ours_ndcg.mean()),
        size_ratio=(weights.vectors.shape[1] + 4) / (4 * weights.vectors.shape[1]),
        milliseconds=float(np.median(spent)),
    )


def quantised(vectors: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Returns int8 (n, d) and the scale (n,) of each row, so that row · scale is the vector up to half a step."""
    scale = np.maximum(np.abs(vectors).max(axis=1), 1e-12) / 127.0
    return np.rint(vectors / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def _write_items(weights: SequenceWeights, path: Path) -> None:
    vectors, scale = quantised(weights.vectors)
    arrays: dict[str, npt.NDArray[Any]] = {"vectors": vectors, "scale": scale}
    arrays |= {"bias": weights.bias, "weight": weights.weight}
    arrays |= statistics_arrays(weights.statistics) | weights.blend.arrays()
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


def _write_user_side(model: SequenceModel, path: Path) -> None:
    shape = model.shape
    example = (torch.zeros(1, 5, shape.dimension), torch.zeros(1, 5, shape.times), torch.zeros(1, 5))
    baskets = torch.export.Dim("baskets", min=1, max=shape.window)
    with warnings.catch_warnings(), _quiet(logging.getLogger("torch.onnx")):
        # The exporter warns of its own insides and of optional parts that this model does not need.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model.eval(),
            example,
            input_names=["pooled", "times", "days"],
            output_names=["states"],
            dynamic_shapes=({1: baskets}, {1: baskets}, {1: baskets}),
            dynamo=True,
            verbose=False,
        )
    assert program is not None  # noqa: S101
    program.save(str(path), include_initializers=True, keep_initializers_as_inputs=False, external_data=False)


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _write_facts(out: Path, facts: dict[str, Any]) -> None:
    (out / runtime.FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")


@torch.no_grad()
def _user_vector(weights: SequenceWeights, history: History) -> Floats:
    recent = history.last(weights.model.shape.window)
    side = ItemSide(*(torch.from_numpy(array) for array in (weights.vectors, weights.bias, weights.weight)))
    pooled = pool(side, torch.from_numpy(recent.items), torch.from_numpy(recent.baskets), len(recent.days))
    times = torch.from_numpy(basket_times(recent.days, recent.sizes))
    days = torch.from_numpy((recent.days - recent.days[0]).astype(np.float32))
    states: Floats = weights.model(pooled[None], times[None], days[None])[0, -1].numpy()
    return states


def _scores(weights: SequenceWeights, vector: Floats, history: History) -> Floats:
    items, features = household_features(history, weights.statistics)
    return weights.blend.score(weights.vectors @ vector + weights.bias, items, features, weights.statistics)


def _cosine(a: Floats, b: Floats) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-12))
