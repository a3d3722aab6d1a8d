"""The folder that a run leaves: safetensors, text and JSON, enough to export from and to compare an export with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_model, save_model

from tradewind.data.features.basket_counts import History, ItemStatistics
from tradewind.errors import ModelError
from tradewind.models.sequence import ItemSide, SequenceConfig, SequenceModel
from tradewind.runtime.blend import Blend

Floats = npt.NDArray[np.float32]
PROBES: Final = 400
"""Histories kept beside the weights, so that an export can be compared with the model on them."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A history, and the items of the basket that came after it."""

    history: History
    truth: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SequenceWeights:
    """All that scoring needs: float32 `vectors` (items, d), `bias` and `weight` (items,) of the item side, the user
    side's `model`, how items sell, the blend, and the vocabulary in row order."""

    model: SequenceModel
    vectors: Floats
    bias: Floats
    weight: Floats
    statistics: ItemStatistics
    blend: Blend
    ids: tuple[str, ...]


def weights_of(
    model: SequenceModel, side: ItemSide, statistics: ItemStatistics, blend: Blend, ids: Sequence[str]
) -> SequenceWeights:
    """Returns the parts as one value."""
    vectors, bias, weight = (tensor.detach().float().numpy() for tensor in side)
    return SequenceWeights(model, vectors, bias, weight, statistics, blend, tuple(ids))


def write_result(folder: Path, weights: SequenceWeights, probes: Sequence[Probe]) -> None:
    """Writes `folder`: model.safetensors, items.safetensors, items.txt, probes.safetensors, sequence.json."""
    folder.mkdir(parents=True, exist_ok=True)
    save_model(weights.model, str(folder / "model.safetensors"))
    arrays = {"vectors": weights.vectors, "bias": weights.bias, "weight": weights.weight}
    save_file(arrays | statistics_arrays(weights.statistics) | weights.blend.arrays(), folder / "items.safetensors")
    (folder / "items.txt").write_text("".join(f"{json.dumps(name)}\n" for name in weights.ids), encoding="utf-8")
    save_file(_probe_arrays(probes[:PROBES]), folder / "probes.safetensors")
    (folder / "sequence.json").write_text(json.dumps(asdict(weights.model.shape), indent=1), encoding="utf-8")


def read_result(folder: Path) -> tuple[SequenceWeights, list[Probe]]:
    """Returns what `write_result` wrote. Raises ModelError when it is not there or not whole."""
    try:
        model = SequenceModel(SequenceConfig(**json.loads((folder / "sequence.json").read_text(encoding="utf-8"))))
        load_model(model, str(folder / "model.safetensors"))
        named = load_file(folder / "items.safetensors")
        ids = tuple(json.loads(line) for line in (folder / "items.txt").read_text(encoding="utf-8").splitlines())
        probes = _probes(load_file(folder / "probes.safetensors"))
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise ModelError(f"not a trained sequence model: {error}", where=str(folder)) from error
    statistics = ItemStatistics(*(named[f"statistics.{name}"] for name in ItemStatistics.__slots__))
    parts = (named["vectors"], named["bias"], named["weight"])
    return SequenceWeights(model.eval(), *parts, statistics, Blend.of_arrays(named), ids), probes


def statistics_arrays(statistics: ItemStatistics) -> dict[str, Floats]:
    """Returns the statistics by the names that a file holds them under."""
    return {f"statistics.{name}": getattr(statistics, name) for name in ItemStatistics.__slots__}


def _probe_arrays(probes: Sequence[Probe]) -> dict[str, npt.NDArray[np.generic]]:
    named: dict[str, npt.NDArray[np.generic]] = {}
    for place, probe in enumerate(probes):
        history = probe.history
        parts = {"items": history.items, "baskets": history.baskets, "days": history.days, "truth": probe.truth}
        named |= {f"{place}.{name}": np.ascontiguousarray(value) for name, value in parts.items()}
    return named


def _probes(named: dict[str, npt.NDArray[np.generic]]) -> list[Probe]:
    read = []
    for place in range(len(named) // 4):
        items, baskets, days, truth = (
            np.asarray(named[f"{place}.{name}"]) for name in ("items", "baskets", "days", "truth")
        )
        read.append(Probe(History(items, baskets, days), truth))
    return read
