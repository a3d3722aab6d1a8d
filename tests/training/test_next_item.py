"""Learning what is bought next: a shop where it can be learned, one where it cannot, and a run that was cut off."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from tradewind.data.records import EVENT_SCHEMA
from tradewind.settings import Shop, parse_shop
from tradewind.tasks.next_item import Questions, split, trips_of
from tradewind.telemetry import SilentProgress
from tradewind.training.next_item import train
from tradewind.training.next_item.blend import Choice, fit_blend, mean_of, quality
from tradewind.training.next_item.budget import sequence_plan
from tradewind.training.next_item.item_side import slots, whitened
from tradewind.training.next_item.prepare import prepared
from tradewind.training.next_item.result_folder import read_result
from tradewind.training.next_item.windows import WindowBatches, windows_of

ITEMS = 40
IDS = [f"i{n}" for n in range(ITEMS)]


class Log:
    """Stands for a snapshot: only its events are read."""

    hash = "simulated"

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def events(self, columns: Sequence[str] | None = None, types: Sequence[str] | None = None) -> pa.Table:
        return self.table.select(list(columns or EVENT_SCHEMA.names))


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)


def bought(people: int, baskets: int) -> pa.Table:
    """Everybody walks round a ring of items, two at a time: what comes next follows from what came last."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [
        {
            "event_id": f"{person}-{trip}-{item}",
            "type": "purchase",
            "time": start + timedelta(days=trip * 3 + person * 0.01),
            "user": f"p{person}",
            "item": IDS[(person * 7 + trip * 2 + item) % ITEMS],
            "basket": f"{person}-{trip}",
        }
        for trip in range(baskets)
        for person in range(people)
        for item in range(2)
    ]
    return pa.Table.from_pylist(rows, schema=EVENT_SCHEMA)


def vectors() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(ITEMS, 16)).astype(np.float32)


def shop(root: Path, **task: object) -> Shop:
    told = json.dumps({"max_steps": 25, "batch_size": 8, **task})
    words = (
        f"shop: ring\nitems: {{source: {{path: a.csv}}, id: id, title: t}}\nlearn: {{threads: 1, next_item: {told}}}"
    )
    return Shop(parse_shop(words.encode(), where="shop.yaml"), root)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("ring")
    made = shop(root, max_steps=120)
    return train(made, Log(bought(60, 14)), vectors(), IDS, root / "out", SilentProgress())


def test_the_sequence_model_learns_what_counts_cannot_know(learned):
    figures = learned.metrics
    assert figures["sequence alone"]["nDCG@10"] > figures["sequence, untrained"]["nDCG@10"] + 0.2
    assert figures["blend"]["nDCG@10"] > figures["decayed counts"]["nDCG@10"] + 0.1


def test_both_protocols_are_printed_with_every_method_and_an_interval(learned):
    text = learned.as_text()
    assert "last basket: 60 households" in text
    assert "global time cut" in text
    assert text.count("95 % interval") == 2
    for name in ("random", "popularity", "counts", "decayed counts", "sequence alone", "blend"):
        assert name in text
    assert {claim.unit for claim in learned.claims} == {"nDCG@10"}


def test_a_run_leaves_a_page_curves_and_weights_that_read_back(learned):
    assert "<svg" in learned.report.read_text(encoding="utf-8")
    assert list(learned.tensorboard.iterdir())
    weights, probes = read_result(learned.folder)
    assert list(weights.ids) == IDS
    assert weights.vectors.shape == (ITEMS, weights.model.shape.dimension)
    assert len(probes) == 60
    assert not any(path.suffix in {".bin", ".pt", ".pkl"} for path in learned.folder.rglob("*"))


def test_a_shop_with_hardly_any_events_is_told_so_and_goes_without(tmp_path: Path):
    notes = Notes()
    assert train(shop(tmp_path), Log(bought(5, 3)), vectors(), IDS, tmp_path / "out", notes) is None
    assert "no model is made" in notes.said[0]


def test_the_same_seed_ends_with_the_same_weights_however_often_it_is_cut_off(tmp_path: Path, monkeypatch):
    log = Log(bought(30, 10))
    whole = train(shop(tmp_path / "a"), log, vectors(), IDS, tmp_path / "a", SilentProgress())

    class CutOff(SilentProgress):
        steps = 0

        def advance(self, units: int = 1) -> None:
            self.steps += units
            if self.steps == 17:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(shop(tmp_path / "b"), log, vectors(), IDS, tmp_path / "b", CutOff())
    resumed = train(shop(tmp_path / "b"), log, vectors(), IDS, tmp_path / "b", SilentProgress())
    assert whole is not None and resumed is not None
    assert np.allclose(read_result(whole.folder)[0].vectors, read_result(resumed.folder)[0].vectors, atol=1e-6)
    assert whole.metrics == resumed.metrics


@pytest.mark.parametrize(
    ("method", "moves", "stays"),
    [("head", "output.weight", "blocks.0.query.weight"), ("lora", "blocks.0.query.weight", "blocks.0.key.weight")],
)
def test_a_method_moves_what_it_says_and_nothing_else(tmp_path: Path, method: str, moves: str, stays: str):
    made = shop(tmp_path, method=method)
    result = train(made, Log(bought(30, 10)), vectors(), IDS, tmp_path / "out", SilentProgress())
    assert result is not None
    after = read_result(result.folder)[0].model
    torch.manual_seed(made.settings.learn.seed)
    before = type(after)(after.shape).state_dict()
    assert not torch.equal(before[moves], after.state_dict()[moves])
    assert torch.equal(before[stays], after.state_dict()[stays])


def test_sgd_accumulation_and_dropout_are_taken_from_the_settings(tmp_path: Path):
    learn = shop(tmp_path, optimiser="sgd", accumulation=2, dropout=0.4).settings.learn
    plan = sequence_plan(learn, 100)
    assert (plan.optimiser, plan.batches, plan.dropout) == ("sgd", 50, 0.4)
    adamw = sequence_plan(shop(tmp_path).settings.learn, 100)
    assert plan.learning_rate > adamw.learning_rate


def test_windows_cover_every_basket_that_may_be_learned():
    trips = trips_of(bought(3, 30), pa.chunked_array([pa.array(IDS)]))
    until = split(trips).learn_until
    windows = windows_of(trips, until, 8)
    covered = {b for a, e in zip(windows.first, windows.end, strict=True) for b in range(a, e)}
    assert covered == {b for s, e in zip(trips.households[:-1], until, strict=True) for b in range(s, e)}
    assert (windows.end - windows.first).max() <= 8


def test_a_batch_asks_for_every_basket_but_the_first_from_the_one_before_it():
    trips = trips_of(bought(30, 8), pa.chunked_array([pa.array(IDS)]))
    run = prepared(shop(Path("/tmp")).settings.learn, trips, split(trips), vectors())
    batches = WindowBatches(trips, run.windows, run.catalogue, count=3, size=4, negatives=10, seed=1)
    batch, again = batches[1], batches[1]
    length = batch["days"].shape[1]
    assert all(torch.equal(batch[name], again[name]) for name in batch)
    assert (batch["asked_at"] % length < length - 1).all()
    assert len(batch["positives"]) == int((batch["place"] % length > 0).sum())
    assert (batch["log_drawn"] <= 0).all()


def test_whitened_vectors_have_variance_one_in_every_direction_that_means_something():
    raw = vectors() @ np.diag(np.linspace(1, 5, 16)).astype(np.float32) + 3.0
    white = whitened(np.repeat(raw, 10, axis=0), np.arange(400), 16)
    assert np.cov(white.T) == pytest.approx(np.eye(16), abs=0.15)


def test_only_items_bought_often_have_a_vector_of_their_own():
    assert slots(np.array([0, 9, 10, 25]), 10).tolist() == [0, 0, 1, 2]


def choice(random: np.random.Generator, *, new_is_right: bool) -> Choice:
    from tradewind.data.features.basket_counts import FEATURES

    base = random.normal(size=(30, 3)).astype(np.float32)
    right = np.zeros(30, dtype=bool)
    right[10 + int(base[10:, 0].argmax()) if new_is_right else 0] = True
    return Choice(base, random.normal(size=(10, len(FEATURES))).astype(np.float32), right)


def test_the_blend_finds_which_signal_to_trust():
    random = np.random.default_rng(0)
    learned, fresh = ([choice(random, new_is_right=True) for _ in range(n)] for n in (300, 100))
    assert quality(fit_blend(learned, learned, 6, 1), fresh) > 0.9


def test_the_blend_kept_is_the_one_that_was_best_on_validation():
    random = np.random.default_rng(0)
    learned = [choice(random, new_is_right=True) for _ in range(64)]
    watched = [dataclasses.replace(choice(random, new_is_right=False)) for _ in range(40)]
    assert quality(fit_blend(learned, watched, 5, 1), watched) >= quality(fit_blend(learned, learned, 5, 1), watched)


def test_the_mean_of_blends_scores_as_the_mean_of_their_scores():
    random = np.random.default_rng(0)
    learned = [choice(random, new_is_right=True) for _ in range(40)]
    one, other = (fit_blend(learned, learned, 1, seed) for seed in (1, 9))
    both = mean_of([one, other])
    features, signal = learned[0].features, learned[0].base[:10, 0]
    scores = [blend.bought_before(features, signal, signal) for blend in (one, other, both)]
    assert np.allclose((scores[0] + scores[1]) / 2, scores[2], atol=1e-4)
    assert np.allclose((one.base + other.base) / 2, both.base)


def test_questions_count_their_baskets():
    assert len(Questions(np.array([0, 0]), np.array([3, 4]))) == 2
