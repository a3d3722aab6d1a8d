"""A whole short run of `match`: it learns what goes together, loses no search, and leaves a report and a checkpoint."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from tradewind.errors import DataError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import Shop
from tradewind.tasks.translations import Glosses, Meaning, parted
from tradewind.telemetry import SilentProgress
from tradewind.training.interpolation import Mixture, copy_of
from tradewind.training.match import mixing, train
from tradewind.training.match_batches import identity, match_batches
from tradewind.training.match_examples import EFFORTS, match_examples, shop_words
from tradewind.training.plan import Budget
from tradewind.training.text_bank import TextBank

TINY = dataclasses.replace(EFFORTS["quick"], budget=Budget(60, 24, 20), sold=None, ranked=None, questions=60)
SETTINGS = {"learning_rate": 5e-3}


@pytest.fixture
def tiny_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EFFORTS, "quick", TINY)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_run_learns_and_leaves_all_it_says(
    method: str,
    make_shop: Callable[..., Shop],
    snapshot: Any,
    checkpoint: Checkpoint,
    tmp_path: Path,
    tiny_effort: None,
) -> None:
    shop = make_shop(match={**SETTINGS, "method": method})
    result = train(shop, snapshot, checkpoint, tmp_path / "out", SilentProgress())
    rows = result.tables[0].rows
    assert {"random", "popularity", "BM25", "untuned", "untuned, role together", "tuned", "ceiling"} <= set(rows)
    if result.facts["share of the tuned weights"] == 1.0:
        assert rows["tuned"]["recall@20 texts"] >= rows["untuned"]["recall@20 texts"]
    assert "Made up for a test." in result.as_text() and "seed 13" in result.as_text()
    assert result.facts["weights"] == "made for this test" and result.facts["snapshot"] == snapshot.hash
    assert load_bi_encoder(result.folder).encode(["milk"], "together").shape == (1, 16)
    page = result.report.read_text(encoding="utf-8")
    assert page.count("<svg") == 3 and "http://127" not in page and "<script" not in page
    assert json.loads((tmp_path / "out" / "report.json").read_text())["facts"]["seed"] == 13
    assert list(result.tensorboard.glob("events.out.tfevents.*"))
    assert not (tmp_path / "out" / "checkpoints").exists()
    json.dumps([claim.as_json() for claim in result.claims])


def test_weights_that_hurt_a_judged_search_are_given_up(
    make_shop: Callable[..., Shop],
    snapshot: Any,
    checkpoint: Checkpoint,
    tmp_path: Path,
    tiny_effort: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floors = iter([{"all": 0.9, "zh": 0.9}, *[{"all": 0.95, "zh": 0.5}] * 4])
    monkeypatch.setattr(mixing, "_searches", lambda check, encode: next(floors))
    result = train(
        make_shop(match={**SETTINGS, "max_steps": 4}), snapshot, checkpoint, tmp_path / "out", SilentProgress()
    )
    assert result.facts["share of the tuned weights"] == 0.0
    before, after = (load_bi_encoder(folder).encode(["milk"], "query") for folder in (checkpoint.folder, result.folder))
    assert np.array_equal(before, after)


def _glosses() -> Glosses:
    words = {"奶": "oz", "面": "bread", "牛": "cheese", "包": "rolls"}
    return Glosses(
        tuple(Meaning((chinese,), (english,)) for chinese, english in words.items()),
        lambda text: tuple(re.findall("[a-z]+", text.lower())),
    )


def test_chinese_words_find_what_the_glossary_says_they_mean(
    make_shop: Callable[..., Shop],
    snapshot: Any,
    checkpoint: Checkpoint,
    tmp_path: Path,
    tiny_effort: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mixing, "_searches", lambda check, encode: {"all": 1.0})
    result = train(make_shop(match=SETTINGS), snapshot, checkpoint, tmp_path / "out", SilentProgress(), _glosses())
    learned, held = parted(_glosses())
    texts = snapshot.items()["text"].to_pylist()
    found = {folder: load_bi_encoder(folder) for folder in (checkpoint.folder, result.folder)}

    def share(folder: Path) -> float:
        """Returns which share of the learned words has the right kind of thing in the first place."""
        passages = found[folder].encode(texts, "passage")
        first = {m: int((found[folder].encode(m.chinese, "query") @ passages.T).argmax()) for m in learned.meanings}
        return float(np.mean([m.english[0] in texts[row] for m, row in first.items()]))

    assert share(result.folder) == 1.0 > share(checkpoint.folder)
    told = [table for table in result.tables if "never learned" in table.title]
    assert len(told) == 1 and held.meanings


def test_the_learned_glossary_is_read_in_every_batch_and_never_beyond(
    make_shop: Callable[..., Shop], snapshot: Any
) -> None:
    examples = match_examples(make_shop(), snapshot, TINY, 100, _glosses())
    learned, held = parted(_glosses())
    unknown = {word for meaning in held.meanings for word in meaning.chinese}
    assert {word for m in learned.meanings for word in m.chinese} <= set(examples.translated.queries)
    assert not any(word in query for word in unknown for query in examples.translated.queries)
    assert all(word.isascii() for word in examples.words)
    plain = match_examples(make_shop(), snapshot, TINY, 100)
    assert identity(plain) != identity(examples), "a checkpoint of the one is not taken up by the other"
    assert not len(plain.translated) and not all(word.isascii() for word in plain.words)


def test_a_shop_without_purchases_is_told_so(
    make_shop: Callable[..., Shop], snapshot: Any, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    bare = dataclasses.replace(snapshot, log=snapshot.log.slice(0, 0))
    with pytest.raises(DataError, match="no purchases"):
        train(make_shop(), bare, checkpoint, tmp_path, SilentProgress())


def test_batches_hold_no_known_pair_as_a_negative_and_no_passage_twice(
    make_shop: Callable[..., Shop], snapshot: Any, checkpoint: Checkpoint
) -> None:
    examples = match_examples(make_shop(), snapshot, TINY, 400)
    encoder = load_bi_encoder(checkpoint.folder)
    bank = TextBank(encoder, 1)
    for pairs in (examples.together, examples.phrases):
        bank.add(pairs.anchors, pairs.role)  # type: ignore[arg-type]
        bank.add(pairs.passages, "passage")
    bank.add(examples.words, "query")
    kept = {text: np.ones(16, np.float32) for text in (*examples.together.passages, *examples.phrases.passages)}
    words = {word: np.ones(16, np.float32) for word in examples.words}
    made = match_batches(bank, examples, kept, words, count=12, size=16, seed=1)
    assert len(made) == 12
    assert {pairs.role for pairs, _ in made.plan} == {"together", "query"}
    for place, (pairs, rows) in enumerate(made.plan):
        passages = [pairs.passages[row] for row in rows]
        assert len(set(passages)) == len(passages)
        known = set(zip(pairs.anchors, pairs.passages, strict=True))
        same = made[place]["same"]
        for i, row in enumerate(rows):
            for j, passage in enumerate(passages):
                assert bool(same[i, j]) == (i != j and (pairs.anchors[row], passage) in known)
    assert torch.equal(made[3]["words"], made[3]["words"])


def test_later_baskets_are_never_learned(make_shop: Callable[..., Shop], snapshot: Any) -> None:
    examples = match_examples(make_shop(), snapshot, TINY, 100)
    rows = snapshot.log.num_rows
    late = [
        ("milk-1 oz", "cake-2 oz")[row % 2] if row > rows * 0.85 else item
        for row, item in enumerate(snapshot.log["item"].to_pylist())
    ]
    place = snapshot.log.schema.get_field_index("item")
    other = dataclasses.replace(snapshot, log=snapshot.log.set_column(place, "item", pa.array(late)))
    again = match_examples(make_shop(), other, TINY, 100)
    assert examples.together.anchors == again.together.anchors
    assert examples.together.passages == again.together.passages
    assert len(examples.validation.anchors) > 10 and len(examples.test.anchors) > 10
    assert examples.tune is not None and examples.report is not None
    assert not {q.query for q in examples.tune.queries} & {q.query for q in examples.report.queries}


def test_a_mixture_goes_from_the_one_to_the_other_exactly() -> None:
    torch.manual_seed(1)
    model = torch.nn.Linear(3, 3)
    before = copy_of(model)
    torch.nn.init.normal_(model.weight)
    mixture = Mixture(before, copy_of(model))
    for share in (0.0, 0.5, 1.0):
        mixture.apply(model, share)
        assert torch.equal(model.weight, torch.lerp(before["weight"], mixture.after["weight"], share)) or share == 0.5
    mixture.apply(model, 0.0)
    assert torch.equal(model.weight, before["weight"])


def test_the_everyday_words_are_chinese_and_english_and_each_once() -> None:
    words = shop_words()
    chinese = [word for word in words if any("一" <= letter <= "鿿" for letter in word)]
    assert len(words) == len(set(words)) and all(words)
    assert len(chinese) > 80 and len(words) - len(chinese) > 30
