"""Labels that are described in words, before there is an example of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tradewind.data.examples import Examples
from tradewind.errors import ConfigError
from tradewind.models.bi_encoder import load_bi_encoder
from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.models.text_model import TextModel
from tradewind.testing.pretrained import tiny_encoder
from tradewind.training.few_labels.descriptions import by_description, start_from
from tradewind.training.recipes.category import CategoryRecipe

WORDS = ["[PAD]", "[UNK]", "milk", "cheese", "bread", "rolls", "one", "two", "three"]
PATHS = {
    "milk": ("cold", "dairy"),
    "cheese": ("cold", "cheese"),
    "bread": ("bakery", "loaf"),
    "rolls": ("bakery", "roll"),
}
SAID = {"cold > dairy": "milk", "cold > cheese": "cheese", "bakery > loaf": "bread", "bakery > roll": "rolls"}
TEXTS = [f"{word} {number}" for word in PATHS for number in ("one", "two", "three")]
EXAMPLES = Examples(TEXTS, [""] * 12, [PATHS[text.split()[0]] for text in TEXTS], TEXTS)
ROWS = np.arange(12)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tiny_encoder(tmp_path_factory.mktemp("encoder"), WORDS, width=32, layers=1)
    return resolve(f"dir:{folder}", trim=False, languages=["en"])


def recipe(**options: object) -> CategoryRecipe:
    made = CategoryRecipe(EXAMPLES, options)
    made.task(ROWS)
    return made


def test_texts_go_to_the_description_that_is_nearest_without_any_training(checkpoint: Checkpoint) -> None:
    figures = by_description(recipe(descriptions=SAID), ROWS, checkpoint, 16)["by description"]
    shuffled = dict(zip(SAID, [*list(SAID.values())[1:], "milk"], strict=True))
    wrong = by_description(recipe(descriptions=shuffled), ROWS, checkpoint, 16)["by description"]
    assert figures["accuracy"] > 0.7
    assert wrong["accuracy"] < 0.3


@pytest.mark.parametrize("flat", [True, False])
def test_the_head_starts_as_the_nearest_description(checkpoint: Checkpoint, flat: bool) -> None:
    made = recipe(descriptions=SAID, flat=flat)
    task = made.task(ROWS)
    encoder = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes, max_tokens=16)
    vectors = encoder.encode(TEXTS, "passage")
    model = TextModel(encoder, task.outputs)
    model.fit_cone(vectors)
    start = start_from(made)
    assert start is not None
    start(model)
    outputs = model.read(torch.from_numpy(vectors)).detach().numpy()
    assert task.figures(list(outputs), made.take(ROWS))["accuracy"] > 0.7


def test_a_label_without_a_description_goes_by_its_own_words() -> None:
    said = recipe(descriptions={"cold > dairy": "milk"}).descriptions()
    assert sorted(said) == ["bakery loaf", "bakery roll", "cold cheese", "milk"]


def test_without_descriptions_nothing_is_added(checkpoint: Checkpoint) -> None:
    assert start_from(recipe()) is None
    assert by_description(recipe(), ROWS, checkpoint, 16) == {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"cold > dairi": "milk"}, "'cold > dairi', which no example has"),
        ({"cold > dairy": 3}, "is no text"),
        (["milk"], "a text each"),
    ],
)
def test_a_wrong_description_is_said_in_one_sentence(given: object, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        recipe(descriptions=given)
