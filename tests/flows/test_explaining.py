"""Which words an estimator's answer hangs on, on a tiny encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tradewind.errors import NotFoundError, RequestError
from tradewind.flows.estimators import learn_estimator
from tradewind.flows.explaining import explain
from tradewind.settings import Shop, load_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder

WORDS = ["[PAD]", "[UNK]", "passage", ":", "milk", "bread", "good", "bad", *"红绿茶好123456789"]
SHOP = """
shop: tiny
languages: [en, zh]
items: {{source: {{path: items.csv}}, id: id, title: title}}
events: []
encoder: {{pretrained: "dir:{encoder}", trim_vocabulary: false}}
learn:
  effort: quick
  threads: 1
  estimators:
    aisle:
      {{task: category, method: head, batch_size: 16, learning_rate: 0.03, max_steps: 150,
        examples: {{source: {{path: labelled.csv}}, text: title, target: path, group: group}}}}
    stars:
      {{task: rating, method: head, batch_size: 16, learning_rate: 0.03, max_steps: 150,
        examples: {{source: {{path: labelled.csv}}, text: review, target: stars, group: group}}}}
"""
KINDS = {"milk": "food", "bread": "food", "红茶": "drink", "绿茶": "drink"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    (root / "shop.yaml").write_text(SHOP.format(encoder=tiny_encoder(root / "encoder", WORDS, by_character=True)))
    lines = ["title,path,review,stars,group"]
    for number in range(24):
        for kind, department in KINDS.items():
            for word, stars in (("good", 5), ("bad", 1)):
                size = f"{number % 9 + 1} {number // 9 + 1}"
                lines.append(f"{word} {kind} {size},{department} > {kind},{word} {kind} {size},{stars},{number}")
    (root / "labelled.csv").write_text("\n".join(lines) + "\n")
    opened = load_shop(root)
    for name in ("aisle", "stars"):
        learn_estimator(opened, name, SilentProgress())
    return opened


@pytest.mark.parametrize("method", ["occlusion", "gradients"])
@pytest.mark.parametrize(
    ("name", "text", "target", "decides"),
    [
        ("aisle", "good milk 3 2", "food > milk", "milk"),
        ("aisle", "bad 红茶 4 1", "drink > 红茶", "红茶"),
        ("stars", "good bread 2 2", "5", "good"),
    ],
)
def test_the_word_that_decides_weighs_most(
    shop: Shop, method: str, name: str, text: str, target: str, decides: str
) -> None:
    found = explain(shop, name, text, method=method)
    assert found.target == target
    assert found.strongest()[0].word == decides
    assert found.strongest()[0].weight > 0


@pytest.mark.parametrize(("name", "text"), [("aisle", "good milk 3 2"), ("aisle", "红茶"), ("stars", "bad 绿茶 5 3")])
def test_integrated_gradients_sum_to_the_difference_of_the_outputs(shop: Shop, name: str, text: str) -> None:
    found = explain(shop, name, text, method="gradients")
    assert found.steps
    assert found.steps <= 512
    assert abs(found.delta) <= 0.01 * abs(found.value - found.baseline) + 1e-6


def test_the_log_likelihood_is_that_of_the_published_probability(shop: Shop) -> None:
    by_gradients = explain(shop, "aisle", "good milk 3 2", method="gradients")
    by_occlusion = explain(shop, "aisle", "good milk 3 2")
    assert 2.718281828**by_gradients.value == pytest.approx(by_occlusion.value, abs=0.03)


def test_another_label_can_be_asked_about(shop: Shop) -> None:
    found = explain(shop, "aisle", "good milk 3 2", target="food > bread")
    milk = next(one for one in found.words if one.word == "milk")
    assert milk.weight < 0


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("milk", {"target": "fod"}, "no label 'fod'"),
        ("  ", {}, "empty"),
        ("milk", {"method": "magic"}, "no method 'magic'"),
    ],
)
def test_what_cannot_be_explained_is_said(shop: Shop, text: str, options: dict[str, str], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        explain(shop, "aisle", text, **options)


def test_gradients_need_the_checkpoint_of_the_version_that_answers(shop: Shop, tmp_path: Path) -> None:
    head = shop.scratch / "estimator/stars/model/head.safetensors"
    before = head.read_bytes()
    head.write_bytes(b"of another run")
    with pytest.raises(NotFoundError, match="checkpoint of version"):
        explain(shop, "stars", "good milk", method="gradients")
    head.write_bytes(before)


def test_one_that_was_never_learned_says_how(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="never learned"):
        explain(replace(shop, root=tmp_path), "aisle", "milk")
