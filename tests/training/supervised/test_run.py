"""A supervised run on a tiny encoder: it learns, moves what it may, resumes, and its techniques work together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from tradewind.errors import DataError, ModelError
from tradewind.models.bi_encoder import BiEncoder, load_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.models.text_model import TextModel, load_text_head
from tradewind.training.plan import Plan
from tradewind.training.supervised.adversarial import worst_loss
from tradewind.training.supervised.batches import whole_groups
from tradewind.training.supervised.objective import Terms
from tradewind.training.supervised.run import RunSettings, fine_tune
from tradewind.training.supervised.task import IGNORED, Rows

TEXTS = [f"{kind} {number} oz" for number in range(1, 9) for kind in ("milk", "bread", "cheese", "rolls")]
LABELS = np.array([0, 1, 0, 1] * 8)


@dataclass(frozen=True)
class DairyOrBakery:
    """The smallest task there is: two classes of texts."""

    name: str = "dairy-or-bakery"
    outputs: int = 2
    tokenwise: bool = False

    def rows(self, examples: Any, encoder: BiEncoder) -> Rows:
        texts, labels = examples
        return Rows(encoder.tokens(texts, "passage"), {"label": labels})

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return cross_entropy(outputs, targets["label"])

    def divergence(
        self, first: torch.Tensor, second: torch.Tensor, targets: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        return (first - second).pow(2).mean()

    def figures(self, outputs: Sequence[np.ndarray], examples: Any) -> dict[str, float]:
        return {"accuracy": float(np.mean(np.stack(outputs).argmax(1) == examples[1]))}


@dataclass(frozen=True)
class NumberOrWord(DairyOrBakery):
    """Two classes of tokens: the first token of a text (its prefix) counts for nothing."""

    tokenwise: bool = True

    def rows(self, examples: Any, encoder: BiEncoder) -> Rows:
        ids = encoder.tokens(examples[0], "passage")
        numbers = {encoder.tokens([str(n)], "passage")[0][-1] for n in range(1, 10)}
        return Rows(ids, {"label": [np.array([IGNORED, *(int(i in numbers) for i in row[1:])]) for row in ids]})

    def loss(self, outputs: torch.Tensor, targets: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return cross_entropy(outputs.flatten(0, 1), targets["label"].flatten(), ignore_index=IGNORED)

    def figures(self, outputs: Sequence[np.ndarray], examples: Any) -> dict[str, float]:
        return {"numbers found": float(np.mean([row.argmax(1)[1:].sum() == 1 for row in outputs]))}


def plan(method: str = "full", steps: int = 40, dropout: float = 0.0) -> Plan:
    return Plan(method, steps, 8, 1, 20, 5e-3, "adamw", 0.0, 0.1, dropout, 9, 13, 1)


def run(checkpoint: Checkpoint, out: Path, task: Any = None, given: Plan | None = None, **settings: Any) -> Any:
    examples = (TEXTS[:24], LABELS[:24]), (TEXTS[24:], LABELS[24:])
    return fine_tune(
        task or DairyOrBakery(), checkpoint, examples, given or plan(), out, settings=RunSettings(**settings)
    )


@pytest.mark.parametrize("method", ["full", "head", "lora"])
def test_every_method_learns_a_task_over_texts(checkpoint: Checkpoint, tmp_path: Path, method: str) -> None:
    done = run(checkpoint, tmp_path, given=plan(method, steps=80))
    assert done.tuned["accuracy"] == 1.0 > done.untuned["accuracy"]


def test_a_task_over_tokens_is_learned_and_what_counts_for_nothing_is_left_out(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    done = run(checkpoint, tmp_path, task=NumberOrWord(name="numbers"))
    assert done.tuned["numbers found"] == 1.0 > done.untuned["numbers found"]


def test_frozen_blocks_run_once_and_do_not_move(checkpoint: Checkpoint, tmp_path: Path) -> None:
    before = load_bi_encoder(checkpoint.folder, prefixes=checkpoint.prefixes)
    done = run(checkpoint, tmp_path, blocks=1)
    for name, parameter in done.model.encoder.named_parameters():
        same = torch.equal(parameter, before.get_parameter(name))
        assert same == ("layer.1" not in name), name
    assert not list(tmp_path.glob("*.npy"))


def test_cached_states_give_what_the_whole_encoder_gives(checkpoint: Checkpoint, tmp_path: Path) -> None:
    done = run(checkpoint, tmp_path, blocks=1)
    figures = done.task.figures(done.outputs((TEXTS[24:], LABELS[24:])), (TEXTS[24:], LABELS[24:]))
    assert figures == done.tuned


def test_saved_and_loaded_models_give_the_same_outputs(checkpoint: Checkpoint, tmp_path: Path) -> None:
    done = run(checkpoint, tmp_path)
    folder = done.save(checkpoint, tmp_path / "model")
    again = TextModel(load_bi_encoder(folder, prefixes=checkpoint.prefixes), 2)
    load_text_head(folder, again)
    ids = torch.tensor(again.encoder.tokens(TEXTS[:1], "passage"))
    mask = torch.ones_like(ids, dtype=torch.bool)
    torch.testing.assert_close(again.eval()(ids, mask), done.model.eval()(ids, mask))


def test_a_head_of_another_task_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    folder = run(checkpoint, tmp_path).save(checkpoint, tmp_path / "model")
    with pytest.raises(ModelError, match="does not fit"):
        load_text_head(folder, TextModel(load_bi_encoder(folder, prefixes=checkpoint.prefixes), 5))


@pytest.mark.parametrize("adversary", ["none", "fgm", "pgd"])
def test_terms_of_the_loss_work_together_and_over_frozen_blocks(
    checkpoint: Checkpoint, tmp_path: Path, adversary: str
) -> None:
    terms = Terms(r_drop=0.5, adversary=adversary)
    done = run(checkpoint, tmp_path, given=plan(dropout=0.1), terms=terms, blocks=1)
    assert done.tuned["accuracy"] == 1.0


def test_the_adversary_finds_a_higher_loss_inside_its_ball() -> None:
    torch.manual_seed(1)
    states, weight = torch.randn(4, 3, 5), torch.randn(5)

    def loss(at: torch.Tensor) -> torch.Tensor:
        return (at @ weight).pow(2).mean()

    one, several = worst_loss(loss, states, 0.1, 1), worst_loss(loss, states, 0.1, 3)
    assert loss(states) < one
    assert loss(states) < several


def test_a_question_is_never_torn_between_batches() -> None:
    groups = np.array([3, 1, 3, 2, 1, 2, 2, 3])
    for batch in whole_groups(groups, plan(steps=9)):
        for group in set(groups[batch]):
            assert np.sum(groups[batch] == group) == np.sum(groups == group)


def test_without_examples_the_run_says_which_are_missing(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no examples to validate on"):
        fine_tune(DairyOrBakery(), checkpoint, ((TEXTS, LABELS), ([], LABELS[:0])), plan(), tmp_path)


def test_targets_that_do_not_match_the_texts_are_an_error() -> None:
    with pytest.raises(DataError, match="2 texts with 1 targets"):
        Rows([[1], [2]], {"label": np.array([1])})
