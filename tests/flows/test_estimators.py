"""An estimator of a shop's own, from its table to signed answers, on a tiny encoder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tradewind.data.examples import Examples
from tradewind.data.group_rows import group_rows
from tradewind.engine.estimators import Estimators, open_estimator
from tradewind.errors import ConfigError, DataError, NotFoundError, RequestError
from tradewind.flows.estimators import learn_estimator
from tradewind.registry.artefacts import load
from tradewind.registry.keys import load_public
from tradewind.settings import Shop, TechniqueSettings, load_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder
from tradewind.training.augmentation.examples import with_copies

WORDS = ["[PAD]", "[UNK]", "passage", ":", ".", "milk", "cheese", "bread", "rolls", "good", "bad", *"123456789"]
SHOP = """
shop: tiny
languages: [en]
items: {{source: {{path: items.csv}}, id: id, title: title}}
events: []
encoder: {{pretrained: "dir:{encoder}", trim_vocabulary: false}}
learn:
  effort: quick
  threads: 1
  estimators:
    aisle:
      task: category
      batch_size: 8
      learning_rate: 0.01
      max_steps: 60
      examples: {{source: {{path: labelled.csv}}, text: title, target: "{{department}} > {{section}}", group: group}}
    stars:
      task: rating
      batch_size: 8
      learning_rate: 0.01
      max_steps: 60
      examples: {{source: {{path: labelled.csv}}, text: review, target: stars, group: group}}
    hardened:
      task: rating
      batch_size: 8
      learning_rate: 0.01
      max_steps: 60
      dropout: 0.1
      techniques: {{r_drop: 0.5, adversary: fgm, augment: [swap, drop, synonyms], synonyms: [[good, fine]]}}
      examples: {{source: {{path: labelled.csv}}, text: review, target: stars, group: group}}
    odd: {{task: catgory, examples: {{source: {{path: labelled.csv}}, text: title, target: section}}}}
    paired: {{task: rating, examples: {{source: {{path: labelled.csv}}, text: title, second: review, target: stars}}}}
    few: {{task: rating, examples: {{source: {{path: few.csv}}, text: title, target: stars}}}}
    alike: {{task: rating, examples: {{source: {{path: alike.csv}}, text: title, target: stars}}}}
"""
KINDS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery", "rolls": "bakery"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    encoder = tiny_encoder(root / "encoder", WORDS)
    (root / "shop.yaml").write_text(SHOP.format(encoder=encoder))
    lines = ["title,department,section,review,stars,group"]
    for number in range(1, 10):
        for kind, department in KINDS.items():
            for word, stars in (("good", 5), ("bad", 1)):
                lines.append(f"{kind} {number},{department},{kind},{word} {kind} {number},{stars},{number}")
    (root / "labelled.csv").write_text("\n".join(lines) + "\n")
    (root / "few.csv").write_text("title,stars\nmilk,1\nbread,2\n")
    (root / "alike.csv").write_text("title,stars\n" + "".join(f"milk {'a' * n},4\n" for n in range(1, 40)))
    return load_shop(root)


@pytest.fixture(scope="module")
def learned(shop: Shop) -> Shop:
    for name in ("aisle", "stars", "hardened"):
        learn_estimator(shop, name, SilentProgress())
    return shop


def test_a_category_is_named_down_its_path(learned: Shop) -> None:
    answers = open_estimator(learned, "aisle").predict(["milk 3", "rolls 4"], k=2)
    assert [answer["path"] for answer in answers] == [["dairy", "milk"], ["bakery", "rolls"]]


def test_stars_follow_the_words(learned: Shop) -> None:
    good, bad = open_estimator(learned, "stars").predict(["good cheese 2", "bad cheese 2"])
    assert good["stars"] > bad["stars"] + 1


def test_techniques_against_over_fitting_work_together(learned: Shop) -> None:
    good, bad = open_estimator(learned, "hardened").predict(["good cheese 2", "bad cheese 2"])
    assert good["stars"] > bad["stars"] + 1


def test_copies_belong_to_what_is_learned_and_the_test_is_never_changed() -> None:
    texts = [f"milk bread {n}" for n in range(30)]
    examples = Examples(texts, [""] * 30, [*range(30)], texts)
    rows = group_rows(texts, 13)
    whole, taught = with_copies(examples, rows.learned, TechniqueSettings(augment=["swap"], copies=2), 13)
    copies = taught[len(rows.learned) :]
    assert len(copies) > 20
    assert {whole.targets[row] for row in copies} <= {examples.targets[row] for row in rows.learned}
    assert whole.texts[:30] == texts


def test_an_answer_depends_on_its_text_alone(learned: Shop) -> None:
    estimator = open_estimator(learned, "aisle")
    texts = ["milk 3", "rolls 4 good bad 7", "cheese"]
    assert estimator.predict(texts, 4) == [estimator.predict([text], 4)[0] for text in texts]


def test_the_manifest_says_what_made_it(learned: Shop) -> None:
    version = open_estimator(learned, "aisle").version
    manifest = load(learned.artefacts, "estimator", "aisle", version, load_public(learned.keys)).manifest
    assert manifest.metrics["tuned"]["accuracy"] == 1.0
    assert manifest.config["task"] == "category"
    assert len(str(manifest.snapshot)) == 64
    assert manifest.profile["parity"]["correlation"] > 0.99


def test_the_report_compares_with_baselines(learned: Shop) -> None:
    report = json.loads((learned.scratch / "estimator/stars/report.json").read_text())
    (table,) = report["tables"].values()
    assert list(table) == ["mean", "n-grams, ridge", "tuned"]
    assert table["tuned"]["RMSE"] < table["mean"]["RMSE"]


def test_an_altered_version_is_refused_and_the_old_one_answers(learned: Shop, tmp_path: Path) -> None:
    server = Estimators(learned)
    before = server.predict("aisle", ["milk 3"], 1, int)
    again = learn_estimator(learned, "aisle", SilentProgress())
    (again.artefact.path / "head.safetensors").chmod(0o644)
    (again.artefact.path / "head.safetensors").write_bytes(b"altered")
    assert server.predict("aisle", ["milk 3"], 1, int).body == before.body
    learn_estimator(learned, "aisle", SilentProgress())
    assert server.predict("aisle", ["milk 3"], 1, int).generation != before.generation


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("nothing", ConfigError, "there is no estimator 'nothing'"),
        ("odd", ConfigError, "no task called 'catgory'"),
        ("paired", ConfigError, "takes no examples.second"),
        ("few", DataError, "2 examples are too few"),
        ("alike", DataError, "there is nothing to tell apart"),
    ],
)
def test_what_cannot_be_learned_is_said_in_one_sentence(
    shop: Shop, name: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        learn_estimator(shop, name, SilentProgress())


def test_one_that_was_never_learned_says_how(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="never learned"):
        open_estimator(replace(shop, root=tmp_path), "stars")


def test_work_for_nobody_ends_between_texts_and_many_are_answered_as_few_are(learned: Shop) -> None:
    server, texts = Estimators(learned), [f"milk {n % 9 + 1} bread {n}" for n in range(40)]
    asked: list[int] = []
    whole = json.loads(server.predict("aisle", texts, 2, lambda: asked.append(1)).body)["predictions"]
    assert whole == open_estimator(learned, "aisle").predict(texts, 2)
    assert len(asked) == 3

    def gone() -> None:
        asked.append(1)
        if len(asked) == 5:
            raise RequestError("nobody waits")

    with pytest.raises(RequestError, match="nobody waits"):
        server.predict("aisle", texts, 2, gone)
    assert len(asked) == 5


@pytest.mark.parametrize("texts", [[], ["  "], ["milk"] * 257])
def test_texts_that_cannot_be_answered_are_refused(learned: Shop, texts: list[str]) -> None:
    with pytest.raises(RequestError):
        open_estimator(learned, "stars").predict(texts)


def test_any_text_at_all_is_answered(learned: Shop) -> None:
    odd = ["x" * 50_000, "🙂🙂", "\x00", "\ud800", "牛奶"]
    assert len(open_estimator(learned, "stars").predict(odd)) == len(odd)


def test_a_group_never_changes_sides_when_rows_are_added() -> None:
    groups = [f"g{n}" for n in range(60)]
    before, after = group_rows(groups, 13), group_rows([*groups, *(f"h{n}" for n in range(60))], 13)
    assert {groups[row] for row in before.tested} <= {f"g{n}" for n in range(60) if n in set(after.tested.tolist())}
