"""The tagging task on a tiny encoder: labels on the first token of each unit, offsets into the text as it was given."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.tasks.tag.entities import Entity, TaggedText
from tradewind.tasks.tag.unit_tokens import UnitTokens
from tradewind.tasks.tag.units import units_of
from tradewind.training.plan import Plan
from tradewind.training.supervised.objective import Terms
from tradewind.training.supervised.run import RunSettings, fine_tune
from tradewind.training.supervised.task import IGNORED
from tradewind.training.tag.task import TagTask


def texts(sizes: range) -> list[TaggedText]:
    made = []
    for size in sizes:
        for kind in ("milk", "bread", "奶"):
            text = f"{kind} {size} oz"
            made.append(TaggedText(text, (Entity(0, len(kind), "product"), Entity(len(kind) + 1, len(text), "size"))))
    return made


@pytest.mark.parametrize("terms", [Terms(), Terms(r_drop=0.3, adversary="fgm")])
def test_whole_entities_are_learned(checkpoint: Checkpoint, tmp_path: Path, terms: Terms) -> None:
    plan = Plan("full", 60, 8, 1, 30, 5e-3, "adamw", 0.0, 0.1, 0.1, 9, 13, 1)
    task = TagTask(("product", "size"))
    tested = texts(range(7, 10))
    done = fine_tune(task, checkpoint, (texts(range(1, 7)), tested), plan, tmp_path, settings=RunSettings(terms=terms))
    assert done.untuned["entity F1"] == 0.0
    assert done.tuned["entity F1"] == 1.0
    assert done.task.figures(done.outputs(tested), tested) == done.tuned


def test_what_is_cut_off_is_found_nowhere_and_no_error(checkpoint: Checkpoint) -> None:
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=8)
    long = TaggedText("milk " * 10_000)
    task = TagTask(("product", "size"))
    (row,) = task.rows([long], encoder).ids
    assert len(row) == 8
    outputs = [torch.zeros(8, task.outputs).numpy()]
    assert set(task.figures(outputs, [long]).values()) == {0.0}


def test_an_empty_text_has_a_row_without_labels(checkpoint: Checkpoint) -> None:
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes)
    rows = TagTask(("product",)).rows([TaggedText("milk"), TaggedText("")], encoder)
    assert [label for label in rows.targets["label"][1] if label != IGNORED] == []


class _Encoder:
    """A SentencePiece-like tokeniser, which merges characters and marks spaces."""

    max_tokens = 32

    def __init__(self) -> None:
        pieces = ["<s>", "</s>", "<unk>", "▁", "▁电饭煲", "电", "饭", "煲", "▁Acme", "Acme", "30", "▁30", "克", "▁milk"]
        self.tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=2))
        self.tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        self.tokenizer.post_processor = TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
        )


def test_merged_characters_are_parted_and_no_space_is_made_up() -> None:
    encoder = _Encoder()
    text = "电饭煲30克 milk"
    assert "▁电饭煲" in encoder.tokenizer.encode(text).tokens
    units = units_of(text)
    ids, places = UnitTokens(encoder.tokenizer, encoder.max_tokens).read(text, units)
    assert len(places) == len(units)
    read = [encoder.tokenizer.id_to_token(number) for number in ids]
    assert read[0] == "<s>"
    assert read[-1] == "</s>"
    assert read[-2] == "▁milk"
    assert read[places[1] : places[5]] == ["饭", "煲", "30", "克"]


def test_a_sign_that_the_tokeniser_does_not_know_still_has_a_place() -> None:
    text = "电☃煲"
    encoder = _Encoder()
    ids, places = UnitTokens(encoder.tokenizer, encoder.max_tokens).read(text, units_of(text))
    assert len(places) == 3
    assert ids[places[1]] == 2
