"""`tradewind train describe`: a causal model learns how the shop writes, from texts that people approved."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradewind.data.store import open_store
from tradewind.data.store.catalogue import item_of_row
from tradewind.errors import ConfigError, DataError
from tradewind.flows.describing import ATTRIBUTE, LANGUAGES, Desk, open_desk, writer_weights
from tradewind.settings import Effort, Shop, TaskSettings
from tradewind.tasks.describe.brief import Brief
from tradewind.tasks.describe.drafts import write_drafts
from tradewind.telemetry import Progress

if TYPE_CHECKING:
    from tradewind.models.generator.causal import CausalModel
    from tradewind.training.describe.tune import Example

STEPS: Final[dict[Effort, int]] = {"quick": 40, "normal": 120, "full": 400}
BATCH: Final = 2
HELD_OUT: Final = 0.2
"""Of the items: their texts are never learned."""
FEWEST: Final = 20
MOST_WRITTEN: Final = 16
"""Texts that the tuned model writes about items that it never saw, to say how many are faithful."""


@dataclass(frozen=True, slots=True)
class TunedWriter:
    """A tuned model, the likelihood of a token of held-out texts before and after, and the share of its own texts about
    held-out items that say nothing which the check finds wrong."""

    folder: Path
    learned: int
    watched: int
    untuned: float
    tuned: float
    faithful: float

    def text(self, root: Path) -> str:
        """Returns it to be read by a person, with what to write into shop.yaml."""
        return "\n".join(
            [
                f"{self.learned} texts learned, {self.watched} held out",
                f"likelihood of a token of held-out texts: {self.untuned:.3f} before, {self.tuned:.3f} after",
                f"faithful texts about held-out items: {self.faithful:.3f}",
                f"to write with it: learn.describe.generator: dir:{self.folder.relative_to(root)}",
            ]
        )


def learn_to_write(shop: Shop, progress: Progress) -> TunedWriter:
    """Tunes the model that `learn.describe` names by LoRA on the shop's own texts, approved ones and the attributes
    `description_zh` and `description_en` of its items.

    Raises ConfigError when no model on this machine is named, DataError for fewer than 20 texts.
    """
    weights = writer_weights(shop)
    if weights is None:
        raise ConfigError(
            "only a causal model learns to write", where="learn.describe.generator", hint="hub:ID, dir:PATH, package:ID"
        )
    from tradewind.models.generator.causal import load_causal
    from tradewind.training.describe.tune import split_examples, tune
    from tradewind.training.plan import Budget, plan_run
    from tradewind.training.tuning import method

    learn = shop.settings.learn
    with open_desk(shop) as desk:
        examples = _examples(shop, desk)
        learned, watched = split_examples(examples, HELD_OUT, learn.seed)
        steps = STEPS[learn.effort]
        task = TaskSettings(method="lora", max_steps=learn.describe.max_steps)
        plan = plan_run(task, learn, Budget(steps, BATCH, max(1, steps // 4)), method("lora"))
        causal = load_causal(weights.folder, weights.source)
        scratch = shop.scratch / "describe"
        told = tune(causal, learned, watched, plan, scratch, progress=progress)
        faithful = _faithful(shop, desk, causal, (learned, watched), progress)
    return TunedWriter(_kept(shop, causal), len(learned), len(watched), told.untuned, told.tuned, faithful)


def _examples(shop: Shop, desk: Desk) -> list[Example]:
    from tradewind.training.describe.tune import Example

    store = open_store(shop)
    try:
        sold = [item_of_row(list(row.values())) for row in store.items_table().to_pylist()]
    finally:
        store.close()
    found = []
    for item in sold:
        for language in LANGUAGES:
            text = desk.queue.published(item.id, language) or item.attributes.get(f"{ATTRIBUTE}{language}")
            if text:
                found.append(Example(Brief(desk.items[item.id], language), text))
    if len(found) < FEWEST:
        raise DataError(f"{len(found)} texts are too few to learn how the shop writes", hint=f"approve {FEWEST}")
    return found


def _faithful(
    shop: Shop, desk: Desk, causal: CausalModel, sides: tuple[Sequence[Example], Sequence[Example]], progress: Progress
) -> float:
    from tradewind.models.generator.causal import CausalGenerator

    progress.start("writing about held-out items", None)
    own = [example.text for example in sides[0]]
    writer = CausalGenerator(causal, own, longest=shop.settings.learn.describe.longest)
    briefs = [example.brief for example in sides[1]][:MOST_WRITTEN]
    drafts = list(write_drafts(writer, briefs, desk.lexicon))
    return sum(draft.faithful for draft in drafts) / len(drafts)


def _kept(shop: Shop, causal: CausalModel) -> Path:
    """Written beside its place and renamed, so that a model is whole or the one before."""
    from tradewind.models.generator.causal import save_causal

    place = shop.work / "writers" / "describe"
    half = place.with_name("describe.half")
    shutil.rmtree(half, ignore_errors=True)
    save_causal(causal, half)
    shutil.rmtree(place, ignore_errors=True)
    half.rename(place)
    return place
