"""Item-level learning: order that counting cannot know, items never sold, runs that are cut off, figures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from tradewind.errors import ModelError
from tradewind.models.item_sequence import ItemSequenceConfig, ItemSequenceModel
from tradewind.tasks.next_item.sequences import Asked, Sequences, leave_one_out, ndcg, recall, sequences_of
from tradewind.telemetry import SilentProgress
from tradewind.training.next_item.items import Brief, ItemSettings, assess, train_items
from tradewind.training.next_item.items.answers import averaged, places, places_by_weights, scorer, standard
from tradewind.training.next_item.items.average import Chosen, choose, methods
from tradewind.training.next_item.items.baselines import by_likeness, by_neighbours, by_popularity
from tradewind.training.next_item.items.batches import ItemBatches
from tradewind.training.next_item.items.learn import Lesson, learn, with_text
from tradewind.training.next_item.items.objective import NextItem
from tradewind.training.next_item.items.packing import pack
from tradewind.training.next_item.items.result_folder import read_model, write_model

ITEMS = 30
QUICK = ItemSettings(dimension=16, dropout=0.1, negatives=20, batch_size=32, epochs=12, every=4, learning_rate=1e-2)


def walks(people: int = 120, length: int = 8) -> Sequences:
    """Everybody walks round a ring by three: what comes next follows from the last item alone."""
    start = np.random.default_rng(3).integers(0, ITEMS - 1, people)
    # The last item of the ring is never reached: it is cold.
    return sequences_of([[int((first + 3 * step) % (ITEMS - 1)) for step in range(length)] for first in start])


def texts() -> np.ndarray:
    angle = 2 * np.pi * np.arange(ITEMS) / (ITEMS - 1)
    waves = [wave(turn * angle) for turn in range(1, 9) for wave in (np.sin, np.cos)]
    return np.stack(waves, axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return Lesson(leave_one_out(walks()), ITEMS)


def test_both_kinds_of_model_learn_the_order_that_counting_cannot_know(lesson: Lesson, tmp_path: Path):
    test = lesson.split.test
    neighbours = recall(places(by_popularity(lesson.split.learn, ITEMS), test, without_history=False), 1).mean()
    for name, told in {"ids": lesson, "text": with_text(lesson, texts(), 16)}.items():
        found = learn(told, QUICK, tmp_path / name, SilentProgress())
        assert found.curves.loss[-1][1] < found.curves.loss[0][1]
        assert recall(places(scorer(found.model), test, without_history=False), 1).mean() > neighbours + 0.5


def test_a_run_that_is_cut_off_ends_with_the_weights_of_an_unbroken_one(lesson: Lesson, tmp_path: Path):
    settings = dataclasses.replace(QUICK, epochs=4, every=1)

    class CutOff(SilentProgress):
        steps = 0

        def advance(self, units: int = 1) -> None:
            self.steps += units
            if self.steps == 7:
                raise KeyboardInterrupt

    whole = learn(lesson, settings, tmp_path / "whole", SilentProgress())
    with pytest.raises(KeyboardInterrupt):
        learn(lesson, settings, tmp_path / "cut", CutOff())
    resumed = learn(lesson, settings, tmp_path / "cut", SilentProgress())
    assert resumed.curves.resumed_from > 0
    for name, value in whole.model.state_dict().items():
        assert torch.allclose(value, resumed.model.state_dict()[name], atol=1e-6), name


def test_an_item_never_sold_has_a_score_of_its_own_by_text(lesson: Lesson, tmp_path: Path):
    told = with_text(lesson, texts(), 16)
    model = learn(told, dataclasses.replace(QUICK, epochs=2, every=1), tmp_path, SilentProgress()).model
    assert lesson.split.learn.purchases(ITEMS)[ITEMS - 1] == 0
    # Item 0 and the cold last item stand at the same angle of the ring, hence have the same text.
    scores = scorer(model)(lesson.split.test.histories)
    assert np.allclose(scores[:, 0], scores[:, ITEMS - 1], atol=1e-4)


def test_a_model_reads_back_with_the_same_scores(lesson: Lesson, tmp_path: Path):
    asked = lesson.split.test.histories
    for text in (None, torch.from_numpy(texts())):
        shape = ItemSequenceConfig(ITEMS, 0 if text is None else text.shape[1], dimension=16)
        model = ItemSequenceModel(shape, text).eval()
        again = read_model(write_model(model, tmp_path / str(text is None)))
        assert np.allclose(scorer(model)(asked), scorer(again)(asked), atol=1e-6)
    with pytest.raises(ModelError, match="item-level"):
        read_model(tmp_path / "nowhere")


def test_nothing_to_learn_from_is_said(tmp_path: Path):
    split = leave_one_out(sequences_of([[1, 2, 3, 4]]))
    empty = dataclasses.replace(split, learn=sequences_of([[1], []]))
    with pytest.raises(ModelError, match="no examples"):
        learn(Lesson(empty, 9), QUICK, tmp_path, SilentProgress())


def test_packing_puts_every_item_once_and_keeps_its_age():
    sequences = sequences_of([[1, 2, 3], [4], [5, 6, 7, 8], [9, 1]])
    packing = pack(sequences, 5)
    flat = packing.packed.items.flatten()
    assert flat[packing.flat].tolist() == sequences.items.tolist()
    assert flat[packing.last].tolist() == [3, 4, 8, 1]
    assert packing.packed.ages.flatten()[packing.flat].tolist() == [2, 1, 0, 0, 3, 2, 1, 0, 1, 0]
    assert int((packing.packed.owner >= 0).sum()) == len(sequences.items)
    assert packing.packed.items.shape[1] == 5


def test_a_batch_asks_for_each_item_but_the_first_and_comes_again_the_same():
    sequences = walks(10)
    batches = ItemBatches(sequences, ITEMS, length=4, size=4, negatives=9, count=6, seed=1)
    batch, again = batches[4], batches[4]
    assert all(torch.equal(batch[name], again[name]) for name in batch)
    seen = batch["items"].flatten()[batch["asked"]]
    assert ((seen + 3) % (ITEMS - 1)).tolist() == batch["right"].tolist()
    assert len(set(batch["wrong"].tolist())) == 9
    epoch = [batches[place]["right"].numel() for place in range(batches.in_an_epoch)]
    assert sum(epoch) == 10 * 4


def test_with_every_item_drawn_the_loss_is_the_softmax_over_all():
    torch.manual_seed(0)
    model = ItemSequenceModel(ItemSequenceConfig(ITEMS, dimension=8, dropout=0.0))
    # Places are counted from the newest item, so that a prefix alone would stand at others than within its sequence.
    torch.nn.init.zeros_(model.position.weight)
    walked = [walks(4)[number].tolist() for number in range(4)]
    loss = NextItem(model)(**ItemBatches(walks(4), ITEMS, length=7, size=4, negatives=ITEMS, count=1, seed=1)[0])
    prefixes = sequences_of([one[:end] for one in walked for end in range(1, 8)])
    truth = torch.tensor([one[end] for one in walked for end in range(1, 8)])
    expected = torch.nn.functional.cross_entropy(torch.from_numpy(scorer(model)(prefixes)), truth)
    assert loss["loss"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_scores_are_averaged_on_one_scale():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 5, 20)).astype(np.float32)
    loud = averaged([lambda _: one, lambda _: other * 1000 + 7], np.array([0.5, 0.5], dtype=np.float32))(walks(5))
    assert np.allclose(loud, 0.5 * standard(one) + 0.5 * standard(other), atol=1e-3)


def test_items_of_the_history_can_be_left_out_of_the_ranking():
    asked = Asked(sequences_of([[0, 1], [2, 3]]), np.array([4, 3]))
    scores = np.array([[9, 8, 7, 6, 5.0], [1, 1, 9, 8, 1.0]], dtype=np.float32)
    assert places(lambda _: scores, asked, without_history=False).tolist() == [5, 2]
    assert places(lambda _: scores, asked, without_history=True).tolist() == [3, 1]


def test_neighbours_are_what_the_same_people_took():
    learned = sequences_of([[0, 1], [0, 1, 2], [3, 4]])
    scores = by_neighbours(learned, 5, 0.5)(sequences_of([[3, 0]]))
    assert scores[0].argmax() == 1
    assert scores[0][0] == 0.0
    assert scores[0][4] == pytest.approx(0.5)


def test_a_run_leaves_two_models_a_report_and_is_not_done_twice(lesson: Lesson, tmp_path: Path):
    short = dataclasses.replace(QUICK, epochs=2, every=1)
    brief = Brief("ring", lesson.split, texts(), short, short)
    first = train_items(brief, tmp_path, SilentProgress())
    assert [len(table.rows) for table in first.tables] == [8, 8, 8]
    assert first.tables[0].title.endswith("without the history's own")
    assert "<svg" in first.report.read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("checkpoint-*"))

    class Untouched(SilentProgress):
        def start(self, label: str, total: int | None) -> None:
            raise AssertionError(f"{label}: done before")

    again = train_items(brief, tmp_path, Untouched())
    assert again.tables == first.tables
    assert np.array_equal(again.score(lesson.split.test.histories), first.score(lesson.split.test.histories))


@pytest.mark.parametrize(
    ("method", "moves", "stays"),
    [
        ("head", "items.table.weight", "blocks.0.query.weight"),
        ("lora", "blocks.0.query.weight", "blocks.0.key.weight"),
    ],
)
def test_a_method_moves_what_it_says(lesson: Lesson, tmp_path: Path, method: str, moves: str, stays: str):
    settings = dataclasses.replace(QUICK, epochs=1, every=1, method=method)
    after = learn(lesson, settings, tmp_path, SilentProgress()).model.state_dict()
    torch.manual_seed(settings.seed)
    shape = ItemSequenceConfig(ITEMS, dimension=16, blocks=1, dropout=0.1)
    before = ItemSequenceModel(shape).state_dict()
    assert not torch.equal(before[moves], after[moves])
    assert torch.equal(before[stays], after[stays])


def test_likeness_is_the_cosine_to_a_fading_history():
    text = np.array([[1, 0], [0, 2], [3, 3], [0, -1]], dtype=np.float32)
    scores = by_likeness(text, 0.5)(sequences_of([[0, 1]]))
    assert scores[0] == pytest.approx([0.5, 1.0, 1.5 / np.sqrt(2), -1.0])


def test_many_weightings_at_once_are_each_one_alone(lesson: Lesson):
    asked = lesson.split.test
    random = np.random.default_rng(0).normal(size=(2, len(asked), ITEMS)).astype(np.float32)
    parts = [lambda histories, part=part: random[part, : len(histories)] for part in range(2)]
    weights = [np.array(one, dtype=np.float32) for one in ((1.0, 0.0), (0.3, 0.7))]
    together = places_by_weights(parts, weights, asked, without_history=True)
    alone = [places(averaged(parts, one), asked, without_history=True) for one in weights]
    assert np.array_equal(together, np.stack(alone))


def test_an_item_never_learned_is_placed_by_likeness_alone_and_the_tail_leans_on_it():
    weights = Chosen(text=0.3, likeness=0.1, tail=0.5).weights(np.array([0, 2, 5]))
    assert weights[:, 0].tolist() == pytest.approx([0.0, 0.0, 1.0])
    assert (weights[:, 1] / weights[:, 1].sum()).tolist() == pytest.approx([0.3, 0.15, 0.55])
    assert (weights[:, 2] / weights[:, 2].sum()).tolist() == pytest.approx([0.6, 0.3, 0.1])
    assert np.linalg.norm(weights, axis=0) == pytest.approx(1.0)


def test_figures_name_every_method_its_slices_and_what_chance_explains(lesson: Lesson):
    random = np.random.default_rng(0).normal(size=(len(lesson.split.test), ITEMS)).astype(np.float32)
    good = random.copy()
    good[np.arange(len(good)), lesson.split.test.truth] += 9
    learned, asked = lesson.split.learn, lesson.split.test

    def score(values: np.ndarray):
        return lambda histories: values[: len(histories)]

    protocol = assess.Protocol("ring", learned, ITEMS, asked, without_history=True)
    parts = {assess.IDS: score(random), assess.TEXT: score(good), assess.LIKENESS: score(random[::-1])}
    chosen = choose(parts, protocol)
    assert chosen.text >= 0.5
    found = protocol.reached(methods(parts, protocol, chosen, 1))
    table = assess.overall(protocol, found)
    assert len(table.rows) == 8
    assert "95 % interval" in table.notes[0]
    apart = assess.by_slice(protocol, found)
    assert {column.split()[0] for column in apart.columns} == {"warm"}
    assert ndcg(found[assess.BOTH]).mean() > ndcg(found[assess.IDS]).mean()
