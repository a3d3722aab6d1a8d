"""The page on compression does what it says, in its own words, on a tiny encoder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tradewind.compression.export import export_encoder
from tradewind.compression.pruning.families import PRUNABLE
from tradewind.models.bi_encoder import E5_PREFIXES, load_bi_encoder
from tradewind.runtime.encoder import OnnxEncoder
from tradewind.settings.shop import parse_shop
from tradewind.testing.pretrained import tiny_encoder

PAGE = (Path(__file__).parents[2] / "docs/guide/compression.md").read_text(encoding="utf-8")
TECHNIQUES = PAGE.partition("\n## Vocabulary")[2]
NOUNS = ("milk", "bread", "tea", "juice", "cheese", "apple", "rice", "soap")
KINDS = ("green", "fresh", "dry", "large", "small", "organic")
TEXTS = [f"{kind} {noun}" for noun in NOUNS for kind in KINDS]


@dataclass(frozen=True)
class Teacher:
    """What the page calls anything with `folder` and `prefixes`."""

    folder: Path
    prefixes: dict[str, str]


def _section(name: str) -> str:
    return re.split(r"\n## ", TECHNIQUES.partition(f"## {name}\n")[2])[0]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the snippets of the page leave, run one after the other."""
    out = tmp_path_factory.mktemp("page")
    checkpoint = tiny_encoder(out / "checkpoint", ["[UNK]", "query", "passage", ":", *NOUNS, *KINDS], layers=4)
    names: dict[str, object] = {
        "checkpoint": checkpoint,
        "teacher": Teacher(checkpoint, dict(E5_PREFIXES)),
        "texts": TEXTS,
        "words": [*NOUNS, *KINDS],
        "out": out,
    }
    sections = ("Blocks", "Heads and width", "Small weights", "Distillation", "Static token vectors")
    for snippet in (found for name in sections for found in re.findall(r"```python\n(.*?)```", _section(name), re.S)):
        exec(snippet, names)
    return names


def test_what_was_pruned_is_smaller_and_is_exported(done: dict[str, object], tmp_path: Path) -> None:
    sizes = [
        (Path(str(done[name])) / "model.safetensors").stat().st_size
        for name in ("checkpoint", "chosen", "half", "fewer_heads", "narrower")
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes)
    bundle = export_encoder(Path(str(done["narrower"])), tmp_path / "b", E5_PREFIXES, 16)
    assert OnnxEncoder(bundle).encode(["green tea"], "query").shape == (1, 16)


def test_stored_weights_come_back_and_a_student_and_a_table_answer(done: dict[str, object]) -> None:
    sparse, whole = (load_bi_encoder(Path(str(done[name]))).encode(TEXTS, "query") for name in ("sparse", "whole"))
    np.testing.assert_array_equal(sparse, whole)
    assert done["stored"].after < done["stored"].before  # type: ignore[attr-defined]
    assert done["found"].folder.is_dir()  # type: ignore[attr-defined]
    assert np.asarray(done["vectors"]).shape == (1, 16)


def test_the_families_are_those_that_the_page_names() -> None:
    spoken = {
        "bert": "BERT",
        "roberta": "RoBERTa",
        "xlm-roberta": "XLM-R",
        "electra": "ELECTRA",
        "mpnet": "MPNet",
        "deberta-v2": "DeBERTa-v2",
        "distilbert": "DistilBERT",
        "modernbert": "ModernBERT",
    }
    assert set(spoken) == set(PRUNABLE)
    assert all(name in _section("Blocks") for name in spoken.values())
    heads = re.search(r"([^.]*) can lose\s+heads", _section("Heads and width"))
    assert heads
    named = {family for family, name in spoken.items() if re.search(rf"\b{name}\b", heads[1])}
    assert named == {family for family, parts in PRUNABLE.items() if parts.heads}


def test_the_lines_about_queries_are_settings_of_a_shop() -> None:
    found = re.search(r"```yaml\n(.*?)```", PAGE.partition("## A smaller encoder for queries alone\n")[2], re.S)
    assert found
    shop = f"shop: s\nitems: {{source: {{path: items.csv}}, id: id, title: title}}\n{found[1]}"
    assert parse_shop(shop.encode(), where="the page").encoder.queries.blocks == 8
