"""The linear tagger learns whole entities from a handful of texts, the same in every run."""

from __future__ import annotations

import numpy as np

from tradewind.tasks.tag.clues import neighbours
from tradewind.tasks.tag.entities import Entity, TaggedText
from tradewind.training.tag.clue_tagger import ClueSettings, ClueTagger, clue_f1, fit_clues

BRANDS, PRODUCTS = ("美的", "海尔", "Acme"), ("电饭煲", "冰箱", "milk", "洗衣机")


def texts(adjective: str) -> list[TaggedText]:
    made = []
    for brand in BRANDS:
        for product in PRODUCTS:
            first, second = len(brand), len(brand) + len(adjective)
            entities = (Entity(0, first, "brand"), Entity(second, second + len(product), "product"))
            made.append(TaggedText(f"{brand}{adjective}{product}", entities))
    return made


def test_entities_are_found_in_texts_with_other_words_between() -> None:
    tagger = fit_clues(ClueTagger(("brand", "product"), [neighbours]), texts(" 大 ") + texts("新款"), ClueSettings())
    assert clue_f1(tagger, texts(" 超 ")) > 0.9


def test_the_same_seed_learns_the_same() -> None:
    first, second = (
        fit_clues(ClueTagger(("brand", "product"), [neighbours]), texts("新款"), ClueSettings(epochs=2))
        for _ in range(2)
    )
    assert np.array_equal(first.log_probabilities("美的冰箱"), second.log_probabilities("美的冰箱"))


def test_a_text_without_units_has_no_labels_and_does_not_stop_learning() -> None:
    tagger = ClueTagger(("brand", "product"), [neighbours])
    fit_clues(tagger, [*texts("新款"), TaggedText("  ")], ClueSettings(epochs=1))
    assert tagger.log_probabilities(" ").shape == (0, 5)
