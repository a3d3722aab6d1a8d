"""A tiny causal model learns a shop's sentence by LoRA, and nothing but the sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tradewind.data.records import Item
from tradewind.errors import ConfigError, DataError
from tradewind.models.generator.causal import CausalGenerator, CausalModel, load_causal
from tradewind.settings import LearnSettings, TaskSettings
from tradewind.tasks.describe.brief import Brief
from tradewind.training.describe.tune import Example, split_examples, tune
from tradewind.training.plan import Budget, Plan, plan_run
from tradewind.training.tuning import method

TEXTS = {
    "glass teapot": "A teapot of glass by Mubai .",
    "bamboo tray": "A tray of bamboo .",
    "wood tray": "A tray of wood .",
}
EXAMPLES = [Example(Brief(Item(id=title, title=title), "en"), text) for title, text in TEXTS.items()]


@pytest.fixture
def causal(causal_folder: Path) -> CausalModel:
    return load_causal(causal_folder, "tiny")


def plan(name: str = "lora", steps: int = 60) -> Plan:
    task = TaskSettings(method=name, batch_size=3, max_steps=steps, learning_rate=2e-2 if name == "lora" else 5e-3)
    made = plan_run(task, LearnSettings(threads=1, seed=5), Budget(steps, 3, steps // 3), method(name))
    return replace(made, weight_decay=0.0)


def test_it_writes_what_it_was_taught_and_its_word_table_stays(causal: CausalModel, tmp_path: Path) -> None:
    before = causal.model.get_input_embeddings().weight.detach().clone()
    told = tune(causal, EXAMPLES, EXAMPLES, plan(), tmp_path)
    assert told.tuned > 0.8 > told.untuned
    assert told.curves.loss[-1][1] < told.curves.loss[0][1] / 3
    assert torch.equal(causal.model.get_input_embeddings().weight, before)
    assert not any("lora" in name for name, _ in causal.model.named_parameters())
    written = CausalGenerator(causal, longest=10).write([example.brief for example in EXAMPLES])
    assert [text.replace(" .", ".") for text in written] == [text.replace(" .", ".") for text in TEXTS.values()]


def test_the_loss_is_the_librarys_over_the_sentence_alone(causal: CausalModel, tmp_path: Path) -> None:
    """Over all words at once, so that the narrower vocabulary of the tuning is set aside."""
    example = EXAMPLES[0]
    prompt = causal.prompt_ids(example.brief)
    text = causal.text_ids(example.brief, example.text)
    ids = torch.tensor([[*prompt, *text]])
    labels = torch.tensor([[-100] * len(prompt) + text])
    with torch.no_grad():
        wanted = float(causal.model(input_ids=ids, labels=labels).loss)
    from tradewind.training.describe.tune import Telling

    whole = torch.arange(causal.model.get_output_embeddings().weight.shape[0])
    target = torch.full_like(ids, -100)
    target[0, len(prompt) - 1 : -1] = torch.tensor(text)
    with torch.no_grad():
        found = Telling(causal.model, causal, whole)(ids, torch.ones_like(ids), target)["loss"]
    assert float(found) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("sides", [([], EXAMPLES), (EXAMPLES, [])])
def test_nothing_to_learn_from_is_told(
    sides: tuple[list[Example], list[Example]], causal: CausalModel, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="describe needs texts"):
        tune(causal, *sides, plan(), tmp_path)


def test_a_method_that_is_not_there_is_told_which_are() -> None:
    with pytest.raises(ConfigError, match="lora"):
        plan("magic")


def test_texts_about_one_item_stay_on_one_side() -> None:
    items = [Item(id=str(number), title="x") for number in range(40)]
    examples = [Example(Brief(item, language), "x") for item in items for language in ("en", "zh")]
    learned, watched = split_examples(examples, 0.3, 1)
    assert len(learned) + len(watched) == 80
    assert watched
    assert not {one.brief.item.id for one in learned} & {one.brief.item.id for one in watched}
