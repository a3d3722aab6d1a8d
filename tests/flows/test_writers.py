"""`train describe` on a tiny causal model and a tiny shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.errors import ConfigError, DataError
from tradewind.flows.describing import generator_of, open_desk
from tradewind.flows.writers import learn_to_write
from tradewind.settings import Shop
from tradewind.tasks.describe.template import TemplateGenerator
from tradewind.telemetry import SilentProgress
from tradewind.testing.engine import tiny_shop
from tradewind.testing.pretrained import tiny_causal


def with_generator(shop: Shop, generator: str) -> Shop:
    settings = shop.settings.learn.describe.model_copy(update={"generator": generator, "max_steps": 30})
    learn = shop.settings.learn.model_copy(update={"describe": settings, "threads": 1})
    return Shop(shop.settings.model_copy(update={"learn": learn}), shop.root)


def test_approved_texts_are_learned_and_the_tuned_model_writes(tmp_path: Path) -> None:
    shop = with_generator(tiny_shop(tmp_path), "dir:writer")
    tiny_causal(tmp_path / "writer")
    with open_desk(shop) as desk:
        desk.draft(TemplateGenerator(), 100, SilentProgress())
        with pytest.raises(DataError, match="0 texts are too few"):
            learn_to_write(shop, SilentProgress())
        for one in desk.waiting():
            edited = desk.edited(one.draft, "A teapot of glass by Mubai .")
            desk.queue.approve(one.number, "Wei", edited=edited, despite_findings=True)
    done = learn_to_write(shop, SilentProgress())
    assert done.learned + done.watched == 30
    assert done.tuned > done.untuned
    tuned = f"dir:{done.folder.relative_to(shop.root)}"
    assert tuned in done.text(shop.root)
    assert generator_of(with_generator(shop, tuned)).name == "dir:describe"


def test_what_is_no_model_learns_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="only a causal model"):
        learn_to_write(tiny_shop(tmp_path), SilentProgress())
