"""Every family with every method and every head, cell by cell; what a family cannot take is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tradewind import plugins
from tradewind.errors import ConfigError, ModelError
from tradewind.models.adaptable import FAMILIES, lacking
from tradewind.models.adapted import load_adapted
from tradewind.models.bi_encoder import load_bi_encoder, save_bi_encoder
from tradewind.training.tuning import method, within

METHODS = ["full", "head", "partial", "lora", "adalora", "adapter", "prefix", "prompt", "ia3"]
HEADS = ["texts", "tokens", "vectors"]
OPTIONS: dict[str, dict[str, Any]] = {
    "partial": {"layers": 1},
    "lora": {"rank": 4},
    "adalora": {"rank": 2, "start_rank": 4},
    "adapter": {"width": 8},
    "prefix": {"tokens": 4},
    "prompt": {"tokens": 4},
}
CELLS = [
    (family, name, head) for family in FAMILIES for name in METHODS if name not in lacking(family) for head in HEADS
]
REFUSED = [(family, name) for family in FAMILIES for name in METHODS if name in lacking(family)]
TEXTS = ["w1 w2 w3", "w4 w5", "w9 w8 w7 w6 w5 w4"]


@pytest.fixture
def cell(request: pytest.FixtureRequest, make_cell: Any) -> Any:
    family, name, head = request.param
    return make_cell(family, name, head, OPTIONS.get(name, {}))


def expected_to_move(cell: Any) -> set[str]:
    """Returns the names, before and after, of the first model's parameters that the method may change."""
    free = {name for name in cell.before if not within(name, cell.parts.frozen)}
    head = {name for name in cell.before if within(name, cell.parts.head)}
    fresh = set() if cell.head == "vectors" else head
    family = FAMILIES[cell.family]

    def layers(names: tuple[str, ...], *kinds: str) -> set[str]:
        return {name for name in free if name.endswith(tuple(f"{layer}.{kind}" for layer in names for kind in kinds))}

    if cell.name == "ia3":
        inner = {f"{block}.{family.feed_forward_output}.weight" for block in cell.parts.moving_blocks}
        return layers(family.keys_values, "weight", "bias") | (inner & free) | fresh
    return {
        "full": free,
        "head": head,
        "partial": {name for name in free if within(name, cell.parts.blocks[-1:])} | head,
        "lora": layers(family.queries_values, "weight") | fresh,
        "adalora": layers(family.queries_values, "weight") | fresh,
    }.get(cell.name, fresh)


def may_stay(cell: Any, name: str) -> bool:
    """Returns whether a parameter that may move can stay: a pooler that nothing reads, what is added to every key (no
    softmax sees it), a layer that adalora left no rank, and a bias of zero times any factor."""
    pruned = cell.name == "adalora" and "layer" in name
    return "pooler" in name or ".key" in name or pruned or (cell.name == "ia3" and not cell.before[name].any())


@pytest.mark.parametrize("cell", CELLS, ids="-".join, indirect=True)
def test_a_cell_learns_moves_only_what_it_should_and_comes_out_as_it_went_in(cell: Any) -> None:
    untouched = cell.outputs(cell.active)
    losses = cell.learn()
    # In a random transformer tokens hardly heed one another: what only speaks through attention turns vectors slowly.
    slowly = cell.head == "vectors" and cell.name in {"prefix", "prompt", "ia3"}
    assert losses[-1] < (0.999 if slowly else 0.95) * losses[0], losses
    assert not slowly or losses == sorted(losses, reverse=True)
    learned = cell.outputs(cell.active)
    assert not torch.allclose(untouched, learned, atol=1e-4)
    finished = cell.tuning.finish(cell.active)
    assert torch.allclose(learned, cell.outputs(finished), atol=1e-4)
    after = {name.replace(".inner.base_model.", ".").replace(".inner.", ".").replace(".base.", "."): value
             for name, value in finished.named_parameters()}  # fmt: skip
    moved = {name for name, value in cell.before.items() if not torch.equal(value, after[name])}
    assert moved <= expected_to_move(cell)
    assert {name for name in expected_to_move(cell) - moved if not may_stay(cell, name)} == set()
    assert cell.name not in {"full", "partial", "lora", "adalora", "ia3"} or any("layer" in name for name in moved)
    if cell.tuning.merges:
        assert {name: tuple(value.shape) for name, value in finished.state_dict().items()} == cell.shapes
    else:
        assert len(after) > len(cell.before)


@pytest.mark.parametrize(("family", "name"), REFUSED, ids="-".join)
def test_what_a_family_cannot_take_is_refused_with_what_it_can(family: str, name: str, make_cell: Any) -> None:
    with pytest.raises(ConfigError, match=f"a {family} model cannot take the method {name}.*it can take: .*lora"):
        make_cell(family, name, "texts")


BESIDE = [(f, name) for f in FAMILIES for name in ("adapter", "prefix", "prompt") if name not in lacking(f)]


@pytest.mark.parametrize(("family", "name"), BESIDE, ids="-".join)
def test_a_text_has_the_same_vector_alone_and_among_longer_ones(family: str, name: str, make_cell: Any) -> None:
    cell = make_cell(family, name, "vectors", OPTIONS[name])
    cell.learn(3)
    alone = np.concatenate([cell.encoder.encode([text], "passage") for text in TEXTS])
    assert np.allclose(cell.encoder.encode(TEXTS, "passage"), alone, atol=1e-5)


KEPT = [("bert", name) for name in METHODS] + [
    (family, name) for family in FAMILIES for name in ("lora", "adapter", "prompt") if family != "bert"
]


@pytest.mark.parametrize(("family", "name"), KEPT, ids="-".join)
def test_what_was_learned_is_saved_and_loaded(
    family: str, name: str, make_cell: Any, make_encoder: Any, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    untuned = make_encoder(family)
    source.mkdir()
    untuned._tokenizer.save(str(source / "tokenizer.json"))
    untuned.model.save_pretrained(source)
    cell = make_cell(family, name, "vectors", OPTIONS.get(name, {}))
    cell.learn(4)
    cell.tuning.finish(cell.active)
    vectors = cell.encoder.encode(TEXTS, "passage")
    folder = save_bi_encoder(cell.encoder, source, tmp_path / "tuned")
    roles = {"prefixes": {"query": "", "passage": "", "together": ""}}
    if cell.tuning.merges:
        again = load_bi_encoder(folder, **roles)
    else:
        with pytest.raises(ModelError, match="whose result merges"):
            load_bi_encoder(folder)
        again = load_adapted(folder, base=source, **roles)
    assert np.allclose(again.encode(TEXTS, "passage"), vectors, atol=1e-5)
    assert not np.allclose(untuned.encode(TEXTS, "passage"), vectors, atol=1e-4)


def test_every_registered_method_is_in_the_matrix() -> None:
    assert set(plugins.names("methods")) == set(METHODS)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("lora", {"ranks": 8}, "lora has no such option; did you mean 'rank'"),
        ("full", {"rank": 8}, "full has no such option; known: none"),
        ("lora", {"rank": 0}, "method_options.rank: .*greater than or equal to 1"),
        ("prompt", {"tokens": "many"}, "method_options.tokens: .*integer"),
        ("adapter", {"placement": "bottom"}, "houlsby"),
    ],
)
def test_a_wrong_option_is_named_with_the_right_one(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        method(name, options)
