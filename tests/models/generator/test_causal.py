"""Many texts are written side by side as each would be written alone, from the words that are open."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tradewind.data.records import Item
from tradewind.errors import ModelError
from tradewind.models.generator.causal import CausalGenerator, CausalModel, load_causal, save_causal
from tradewind.tasks.describe.brief import Brief

BRIEFS = [
    Brief(Item(id="1", title="glass teapot", brand="Mubai", attributes={"material": "glass"}), "en"),
    Brief(Item(id="2", title="bamboo tray"), "en"),
    Brief(Item(id="3", title="teapot", brand="Mubai"), "en"),
]


@pytest.fixture(scope="module")
def causal(causal_folder: Path) -> CausalModel:
    return load_causal(causal_folder, "tiny")


def test_texts_written_together_are_those_written_alone(causal: CausalModel) -> None:
    writer = CausalGenerator(causal, longest=6)
    together = writer.write(BRIEFS)
    assert together == [writer.write([brief])[0] for brief in BRIEFS]
    assert all(len(text.split()) <= 6 for text in together)


def test_the_likeliest_words_are_those_of_the_library(causal: CausalModel) -> None:
    brief = BRIEFS[0]
    ids = torch.tensor([causal.prompt_ids(brief)])
    wanted = causal.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=5, do_sample=False, pad_token_id=0
    )
    told = causal.tokenizer.decode(wanted[0, ids.shape[1] :], skip_special_tokens=True).strip()
    assert CausalGenerator(causal, longest=5).write([brief]) == [told]


def test_only_the_shops_words_and_the_briefs_are_said(causal: CausalModel) -> None:
    open_words = {word for brief in BRIEFS for word in causal.tokenizer.tokenize(" ".join(["A of", brief.item.title]))}
    open_words |= {"Product", ":", "Brand", "Material", "Description", "Mubai", "glass", "teapot"}
    texts = CausalGenerator(causal, ["A of"], longest=12).write(BRIEFS)
    assert {word for text in texts for word in causal.tokenizer.tokenize(text)} <= open_words


def test_nothing_to_write_is_nothing(causal: CausalModel) -> None:
    assert CausalGenerator(causal).write([]) == []


def test_what_is_saved_writes_the_same(causal: CausalModel, tmp_path: Path) -> None:
    again = load_causal(save_causal(causal, tmp_path / "saved"), "again")
    assert CausalGenerator(again, longest=6).write(BRIEFS) == CausalGenerator(causal, longest=6).write(BRIEFS)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(ModelError, match="not a causal language model"):
        load_causal(tmp_path, "x")
