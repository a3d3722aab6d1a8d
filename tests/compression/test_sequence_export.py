"""A sequence model as a bundle: near enough to what was trained, quick, and refused when it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import torch

from tradewind.compression.sequence_export import export_sequence, quantised
from tradewind.data.features.basket_counts import FEATURES, History, item_statistics
from tradewind.errors import ArtefactError, ParityError
from tradewind.models.sequence import SequenceConfig, SequenceModel
from tradewind.runtime.blend import Blend
from tradewind.runtime.sequence import SequenceModel as Bundle
from tradewind.training.next_item.result_folder import Probe, SequenceWeights, write_result

ITEMS = 300
START = datetime(2026, 5, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Trip:
    time: datetime
    items: tuple[str, ...]


def weights() -> SequenceWeights:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    draw = lambda *shape: random.normal(size=shape).astype(np.float32)  # noqa: E731
    lines = random.integers(0, ITEMS, 2000)
    width = len(FEATURES) + 2
    blend = Blend(
        np.array([0.6, 0.3, 0.1], dtype=np.float32),
        np.zeros(width, dtype=np.float32),
        np.ones(width, dtype=np.float32),
        ((draw(8, width) * 0.1, draw(8)), (draw(1, 8), draw(1))),
    )
    return SequenceWeights(
        model=SequenceModel(SequenceConfig(text=4, learned=2, dimension=16)).eval(),
        vectors=draw(ITEMS, 16),
        bias=draw(ITEMS),
        weight=draw(ITEMS) * 0.1,
        statistics=item_statistics(random.integers(0, 50, 2000), lines, random.random(2000) * 90, ITEMS),
        blend=blend,
        ids=tuple(f"商品 {n}" for n in range(ITEMS)),
    )


def probe(seed: int, baskets: int) -> Probe:
    random = np.random.default_rng(seed)
    rows = [np.sort(random.choice(ITEMS, 4, replace=False)) for _ in range(baskets)]
    history = History(np.concatenate(rows), np.repeat(np.arange(baskets), 4), np.cumsum(random.random(baskets) * 9))
    return Probe(history, random.choice(ITEMS, 5, replace=False))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("sequence")
    write_result(folder / "trained", weights(), [probe(seed, 1 + seed % 80) for seed in range(40)])
    export_sequence(folder / "trained", folder / "bundle")
    return folder / "bundle"


def trips(count: int) -> list[Trip]:
    return [
        Trip(START + timedelta(days=2 * n), (f"商品 {n % ITEMS}", f"商品 {(n * 7 + 1) % ITEMS}")) for n in range(count)
    ]


def test_the_bundle_says_how_near_it_is(bundle: Path):
    parity = json.loads((bundle / "sequence.json").read_text(encoding="utf-8"))["parity"]
    assert parity["cosine"] > 0.999
    assert parity["overlap"] >= 0.95
    assert parity["size_ratio"] < 0.35


def test_one_basket_and_hundreds_are_scored_over_the_whole_vocabulary(bundle: Path):
    model = Bundle(bundle)
    for count in (1, 2, 64, 300):
        ids, scores = model.score(trips(count))
        assert ids == [f"商品 {n}" for n in range(ITEMS)]
        assert scores.dtype == np.float32
        assert scores.shape == (ITEMS,)
        assert np.isfinite(scores).all()


def test_the_same_history_gets_the_same_scores_and_another_order_gets_others(bundle: Path):
    model, history = Bundle(bundle), trips(12)
    _, scores = model.score(history)
    assert np.array_equal(scores, model.score(history)[1])
    turned = [Trip(a.time, b.items) for a, b in zip(history, reversed(history), strict=True)]
    assert not np.allclose(scores, model.score(turned)[1])


def test_top_gives_the_best_of_score(bundle: Path):
    model = Bundle(bundle)
    ids, scores = model.score(trips(5))
    top = model.top(trips(5), 4)
    assert [name for name, _ in top] == [ids[row] for row in np.argsort(-scores)[:4]]
    assert len(model.top(trips(5), 10_000)) == ITEMS


def test_somebody_without_known_purchases_gets_what_is_popular(bundle: Path):
    model = Bundle(bundle)
    _, nobody = model.score([])
    _, stranger = model.score([Trip(START, ("unheard of",))])
    assert np.array_equal(nobody, stranger)
    assert np.array_equal(nobody, weights().statistics.log_share)


def test_a_model_that_does_not_survive_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_result(tmp_path / "trained", weights(), [probe(seed, 5) for seed in range(5)])
    broken = lambda vectors: (np.sign(vectors).astype(np.int8), np.ones(len(vectors), dtype=np.float32))  # noqa: E731
    monkeypatch.setattr("tradewind.compression.sequence_export.quantised", broken)
    with pytest.raises(ParityError, match="cosine"):
        export_sequence(tmp_path / "trained", tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_a_bundle_of_other_features_is_refused(bundle: Path, tmp_path: Path):
    for path in bundle.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    facts = json.loads((tmp_path / "sequence.json").read_text(encoding="utf-8"))
    (tmp_path / "sequence.json").write_text(json.dumps(facts | {"features": ["other"]}), encoding="utf-8")
    with pytest.raises(ArtefactError, match="other features"):
        Bundle(tmp_path)
    with pytest.raises(ArtefactError, match="no sequence model"):
        Bundle(tmp_path / "nowhere")


def test_a_quantised_row_is_within_half_a_step_and_rows_do_not_touch_one_another():
    vectors = np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
    vectors[3] *= 1000
    codes, scale = quantised(vectors)
    assert (np.abs(codes * scale[:, None] - vectors) <= scale[:, None] * 0.5 + 1e-6).all()
    alone = quantised(vectors[7:8])
    assert np.array_equal(alone[0][0], codes[7])
