"""Learns from a shop's own log and what some of its users told how to guess an attribute of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tradewind.data.features.purchase import Lines
from tradewind.data.snapshot import Snapshot
from tradewind.data.store.catalogue import item_of_row
from tradewind.data.told import Told
from tradewind.errors import ConfigError, DataError
from tradewind.settings import Shop
from tradewind.settings.predicted import TOPICS_SAID, offence
from tradewind.tasks.profile.predicted import KIND, attribute_features, category_of
from tradewind.tasks.purchase.questions import lines_of_events
from tradewind.telemetry import Progress
from tradewind.training.figures import bars_figure
from tradewind.training.profile.attributes import ToldBands, cross_validated, fit_bands
from tradewind.training.profile.measure import MAJORITY, METRICS, OURS, Measured, measured
from tradewind.training.result import TrainResult, write_report

READ_EVENTS: Final = 2000
"""Of one person, the newest: as many as a served profile reads."""
LEAST_BUYERS: Final = 5
"""A category that fewer people bought of says more of them than of an attribute."""
LEAST_TOLD: Final = 5
MOST_KEYS: Final = 300
MOST_BANDS: Final = 30
LEAST_PEOPLE: Final = 40


@dataclass(frozen=True, slots=True)
class LearnedBands:
    """A run, whose folder `read_band_model` opens, and what it came to."""

    result: TrainResult
    measured: Measured


def train(shop: Shop, name: str, data: tuple[Snapshot, Told], out: Path, progress: Progress) -> LearnedBands:
    """Returns the model of the attribute `name` of shop.yaml, measured on people whom it did not learn from.

    Raises ConfigError for a told value that must not be predicted, DataError when too few people told it.
    """
    snapshot, told = data
    settings, seed = shop.settings.learn.predicted[name], shop.settings.learn.seed
    _require_harmless_labels(shop, name, sorted(set(told.bands.values())))
    progress.start("reading what was bought", None)
    rows = told_rows(settings.named(name), snapshot.items(), snapshot.events(), told.bands)
    progress.start("guessing what is known, ten times over", None)
    found = measured(rows, cross_validated(rows, seed=seed), settings.least_probability, seed)
    progress.start("learning from all", None)
    folder = fit_bands(rows, seed).save(out / "model")
    facts: dict[str, Any] = {
        "shop": shop.settings.shop, "notice": shop.settings.notice or "", "seed": seed, "snapshot": snapshot.hash,
        "told": told.digest(), "people": len(rows.bands), "bands": list(rows.names),
    }  # fmt: skip
    notes = (*found.notes, *([shop.settings.notice] if shop.settings.notice else []))
    table = replace(found.table, notes=notes)
    figure = bars_figure(table.title, table.rows, METRICS[:2], OURS)
    report = write_report(out, name, (table,), (figure,), facts)
    return LearnedBands(TrainResult(name, folder, (table,), (found.claim,), report, out, facts), found)


def told_rows(attribute: str, items: pa.Table, events: pa.Table, bands: Mapping[str, str]) -> ToldBands:
    """Returns a row for each person (pseudonym) of `bands` with purchases that may be read; bands told by fewer than
    five of them are left out. Raises DataError for too many bands, or too few people."""
    own = events.filter(pc.is_in(events["user"], pa.array(list(bands), pa.string())))
    lines, keys, names = _lines(items, own.filter(pa.array(_newest(own["user"]))))
    who = [bands[name] for name in names]
    common = {band for band in set(who) if who.count(band) >= LEAST_TOLD}
    if len(common) > MOST_BANDS:
        raise DataError(f"{attribute} has {len(common)} values", hint=f"group them, {MOST_BANDS} at most, by `bands`")
    kept = np.array([band in common for band in who], dtype=np.bool_)
    if kept.sum() < LEAST_PEOPLE or len(common) < 2:
        raise DataError(
            f"{attribute} needs {LEAST_PEOPLE} people who told it and bought something, in two bands of {LEAST_TOLD}; "
            f"there are {int(kept.sum())} in {len(common)}"
        )
    features, columns = attribute_features(lines, len(names), keys)
    ordered = tuple(sorted(common))
    numbers = np.array([ordered.index(band) if band in common else -1 for band in who], dtype=np.int64)
    every = ToldBands(attribute, ordered, columns, features, numbers, np.arange(len(names)))
    return every.take(kept)


def _require_harmless_labels(shop: Shop, name: str, bands: Sequence[str]) -> None:
    """The table may hold labels of which shop.yaml says nothing."""
    settings = shop.settings.learn.predicted[name]
    bad = offence((name, settings.named(name), settings.target, settings.source.query or ""), bands)
    if bad is not None:
        raise ConfigError(f"{name} is never predicted: {bad!r} is about {TOPICS_SAID}", where=f"learn.{KIND}.{name}")


def _lines(items: pa.Table, events: pa.Table) -> tuple[Lines, tuple[str, ...], list[str]]:
    """Returns the purchases that may be read by category, the categories, and the people by their numbers."""
    bought = items.filter(pc.is_in(items["id"], pc.unique(events["item"])))
    rows = zip(*(column.to_pylist() for column in bought.columns), strict=True)
    filed = [category_of(item_of_row(row)) for row in rows]
    names = sorted({key for key in filed if key})
    number = {key: place for place, key in enumerate(names)}
    numbers = pa.array([number.get(key or "") for key in filed], pa.int64())
    lines, people = lines_of_events(events, bought["id"].combine_chunks(), numbers)
    pairs = np.unique(np.stack([lines.keys, lines.people]), axis=1)
    buyers = np.bincount(pairs[0], minlength=len(names))
    common = [place for place in np.argsort(-buyers, kind="stable")[:MOST_KEYS] if buyers[place] >= LEAST_BUYERS]
    chosen = np.sort(np.array(common, dtype=np.int64))
    seen = np.isin(lines.keys, chosen)
    parts = {part: getattr(lines, part)[seen] for part in ("people", "keys", "baskets", "days", "spend")}
    known, parts["people"] = np.unique(parts["people"], return_inverse=True)
    parts["people"], parts["keys"] = parts["people"].reshape(-1), np.searchsorted(chosen, parts["keys"])
    listed = people.to_pylist()
    return Lines(**parts), tuple(names[place] for place in chosen), [listed[person] for person in known]


def _newest(users: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Returns which of the events, in time order, are among the newest of their person."""
    coded = users.combine_chunks().dictionary_encode()
    codes = np.asarray(coded.indices.to_numpy(zero_copy_only=False)).astype(np.int64)
    order = np.argsort(codes[::-1], kind="stable")
    ranked = codes[::-1][order]
    first = np.searchsorted(ranked, ranked, side="left")
    place = np.empty(len(codes), dtype=np.int64)
    place[order] = np.arange(len(codes)) - first
    return np.asarray((place < READ_EVENTS)[::-1])


__all__ = ["MAJORITY", "OURS", "LearnedBands", "told_rows", "train"]
