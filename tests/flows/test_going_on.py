"""`tradewind train NAME` goes on from the published version, and one that forgot too much is refused by slice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tradewind.engine.estimators import open_estimator
from tradewind.errors import GateError
from tradewind.flows.estimators import LearnedEstimator, learn_estimator
from tradewind.flows.models import verify
from tradewind.flows.remembering import remembered
from tradewind.settings import Shop, load_shop
from tradewind.telemetry import SilentProgress
from tradewind.testing.pretrained import tiny_encoder

KINDS = {"milk": "dairy", "cheese": "dairy", "bread": "bakery"}
WORDS = ["[PAD]", "[UNK]", "passage", ":", *KINDS, "rolls", *"123456789"]
SHOP = """
shop: tiny
languages: [en]
items: {{source: {{path: items.csv}}, id: id, title: title}}
events: []
encoder: {{pretrained: "dir:{encoder}", trim_vocabulary: false}}
learn:
  threads: 1
  estimators:
    aisle:
      task: category
      method: head
      batch_size: 16
      learning_rate: 0.03
      max_steps: 150
      continual: {{replay: {replay}}}
      gate: {{old_slices: 0.97, slice_rows: 5}}
      examples: {{source: {{path: labelled.csv}}, text: title, target: "{{department}} > {{section}}", group: group}}
"""


def write_shop(root: Path, replay: float) -> Shop:
    (root / "shop.yaml").write_text(SHOP.format(encoder=root / "encoder", replay=replay))
    return load_shop(root)


def write_table(root: Path, kinds: dict[str, str]) -> None:
    lines = ["title,department,section,group"]
    for number in range(40):
        lines += [f"{kind} {number % 9 + 1} {number // 9 + 1},{kinds[kind]},{kind},{number}" for kind in kinds]
    (root / "labelled.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shop")
    tiny_encoder(root / "encoder", WORDS)
    write_table(root, KINDS)
    return root


@pytest.fixture(scope="module")
def first(root: Path) -> LearnedEstimator:
    return learn_estimator(write_shop(root, 0.3), "aisle", SilentProgress())


@pytest.mark.slow
def test_a_run_goes_on_from_what_answers_and_one_that_forgets_is_refused_by_slice(
    root: Path, first: LearnedEstimator
) -> None:
    shop = write_shop(root, 0.0)
    memory = remembered(shop, "aisle")
    assert memory and memory.version == first.artefact.version
    assert first.card.old is None and "went on" not in str(first.result.tables[0].notes)

    write_table(root, KINDS | {"rolls": "bakery"})
    with pytest.raises(GateError, match=r"old slice .*: accuracy .* before: it keeps .*97.0% is asked") as refused:
        learn_estimator(shop, "aisle", SilentProgress())
    assert f"version {first.artefact.version} goes on answering" in str(refused.value)
    assert open_estimator(shop, "aisle").version == first.artefact.version

    second = learn_estimator(write_shop(root, 0.6), "aisle", SilentProgress())
    assert f"went on from version {first.artefact.version}" in str(second.result.tables[0].notes)
    assert open_estimator(shop, "aisle").predict(["rolls 9 9"])[0]["path"] == ["bakery", "rolls"]
    card = json.loads((second.artefact.path / "card.json").read_text())
    assert card["old"]["version"] == first.artefact.version
    assert card["old"]["whole"]["after"] >= 0.97 * card["old"]["whole"]["before"]
    assert any("backward transfer" in limit for limit in card["limits"])

    now = remembered(shop, "aisle")
    assert now and now.version == second.artefact.version
    assert verify(shop, "memory/aisle")[1] == second.artefact.reference
    held = [path.read_bytes() for path in now.folder.iterdir() if path.suffix == ".json" and "token" not in path.name]
    assert not any(b"rolls 9" in found for found in held)
