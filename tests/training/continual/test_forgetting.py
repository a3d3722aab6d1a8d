"""A tiny model that learns something new: what it forgets without help, and what replay and EWC keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tradewind.data.examples import Examples
from tradewind.errors import ConfigError, DataError
from tradewind.models.bi_encoder import save_bi_encoder
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import ContinualSettings
from tradewind.tasks.label_tree import label_tree
from tradewind.training.category import Categorised, CategoryTask
from tradewind.training.continual.anchor import Anchor, fisher
from tradewind.training.continual.going_on import GoingOn
from tradewind.training.continual.memory import read_memory, write_facts, write_weights
from tradewind.training.plan import Plan
from tradewind.training.supervised.run import FineTuned, RunSettings, fine_tune

OLD = {"milk": "a", "bread": "b"}
NEW = {"cheese": "b", "rolls": "b", "yogurt": "a"}
TREE = label_tree([("a",), ("b",)])
NAMES = ("a", "b")
PLAN = Plan("full", 60, 8, 1, 60, 5e-3, "adamw", 0.0, 0.1, 0.0, 9, 13, 1)
TASK = CategoryTask(TREE, flat=True, smoothing=0.1)
LIKELIHOOD = CategoryTask(TREE, flat=True, smoothing=0.0)


def table(kinds: dict[str, str], numbers: range) -> Examples:
    texts = [f"{kind} {number} oz" for number in numbers for kind in kinds]
    return Examples(texts, [""] * len(texts), [(kinds[text.split()[0]],) for text in texts], texts)


def taken(examples: Examples, rows: np.ndarray) -> Categorised:
    classes = [TREE.classes.index(examples.targets[row]) for row in rows]
    return Categorised(tuple(examples.texts[row] for row in rows), np.array(classes, np.int64))


KNOWN = table(OLD, range(1, 7))
NOW = table(OLD | NEW, range(1, 7))
OLD_ROWS = taken(table(OLD, range(7, 10)), np.arange(6))


@pytest.fixture(scope="module")
def before(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> tuple[FineTuned, Path]:
    """The first version: it knows milk and bread, and left a memory."""
    out = tmp_path_factory.mktemp("before")
    sides = taken(KNOWN, np.arange(len(KNOWN))), OLD_ROWS
    done = fine_tune(TASK, checkpoint, sides, PLAN, out)
    folder = save_bi_encoder(done.model.encoder, checkpoint.folder, out / "memory")
    write_facts(folder, task="category", weights=checkpoint.sha256, outputs=NAMES, examples=KNOWN)
    write_weights(
        folder, done.model, fisher(done.model, LIKELIHOOD, LIKELIHOOD.rows(sides[0], done.model.encoder), PLAN)
    )
    return done, folder


def go_on(before: Path, checkpoint: Checkpoint, out: Path, asked: ContinualSettings, method: str = "full") -> FineTuned:
    further = GoingOn(read_memory(before, "v1"), asked, 13)
    taught = taken(NOW, further.taught(NOW, np.arange(len(NOW))))
    settings = further.settings(RunSettings(), NAMES)
    new = taken(table(NEW, range(7, 10)), np.arange(9))
    plan = replace(PLAN, method=method)
    return fine_tune(TASK, further.checkpoint(checkpoint), (taught, new), plan, out, settings=settings)


def old_accuracy(done: FineTuned) -> float:
    return TASK.figures(done.outputs(OLD_ROWS), OLD_ROWS)["accuracy"]


def test_the_run_begins_with_what_the_version_before_knew(
    before: tuple[FineTuned, Path], checkpoint: Checkpoint, tmp_path: Path
) -> None:
    done, folder = before
    assert old_accuracy(done) == 1.0
    still = replace(PLAN, steps=1, learning_rate=1e-12)
    further = GoingOn(read_memory(folder, "v1"), ContinualSettings(), 13)
    sides = taken(NOW, np.arange(8)), OLD_ROWS
    settings = further.settings(RunSettings(), NAMES)
    same = fine_tune(TASK, further.checkpoint(checkpoint), sides, still, tmp_path, settings=settings)
    torch.testing.assert_close(
        torch.tensor(np.stack(same.outputs(OLD_ROWS))),
        torch.tensor(np.stack(done.outputs(OLD_ROWS))),
        rtol=0,
        atol=1e-4,
    )


def test_plain_tuning_forgets_and_replay_keeps_97_of_100(
    before: tuple[FineTuned, Path], checkpoint: Checkpoint, tmp_path: Path
) -> None:
    plain = go_on(before[1], checkpoint, tmp_path / "plain", ContinualSettings(replay=0.0))
    assert plain.tuned["accuracy"] == 1.0
    assert old_accuracy(plain) < 0.9
    kept = go_on(before[1], checkpoint, tmp_path / "replay", ContinualSettings(replay=0.3))
    assert kept.tuned["accuracy"] == 1.0
    assert old_accuracy(kept) >= 0.97


def test_ewc_alone_keeps_97_of_100_and_learns_what_is_new(
    before: tuple[FineTuned, Path], checkpoint: Checkpoint, tmp_path: Path
) -> None:
    done = go_on(before[1], checkpoint, tmp_path, ContinualSettings(replay=0.0, ewc=1000.0))
    assert old_accuracy(done) >= 0.97
    assert done.tuned["accuracy"] == 1.0


def test_ewc_is_refused_where_a_method_moves_weights_of_its_own(
    before: tuple[FineTuned, Path], checkpoint: Checkpoint, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="method: full, partial or head"):
        go_on(before[1], checkpoint, tmp_path, ContinualSettings(ewc=10.0), method="lora")


def test_a_row_that_left_the_table_is_not_learned_again_and_no_text_is_kept(before: tuple[FineTuned, Path]) -> None:
    memory = read_memory(before[1], "v1")
    further = GoingOn(memory, ContinualSettings(replay=0.8), 13)
    left = table({"bread": "b", "cheese": "b"}, range(1, 7))
    rows = further.taught(left, np.arange(len(left)))
    assert {left.texts[row].split()[0] for row in rows} == {"bread", "cheese"}
    assert "6 rows that it knew are no longer in the table" in further.note(left, np.arange(len(left)))
    told = (before[1] / "memory.json").read_text()
    assert "milk" not in told and "bread" not in told


def test_without_new_rows_there_is_nothing_to_go_on_with(before: tuple[FineTuned, Path]) -> None:
    further = GoingOn(read_memory(before[1], "v1"), ContinualSettings(), 13)
    with pytest.raises(DataError, match="nothing to go on with"):
        further.taught(KNOWN, np.arange(len(KNOWN)))


def test_an_output_that_is_new_begins_at_nothing_and_weighs_nothing(before: tuple[FineTuned, Path]) -> None:
    _, folder = before
    memory = read_memory(folder, "v1")
    names = ("eggs", *NAMES[::-1])
    importance = memory.importance(names)["head.weight"]
    assert importance.shape == (3, 16)
    assert not importance[0].any()
    torch.testing.assert_close(importance[1:].flip(0), memory.importance(NAMES)["head.weight"])


def test_the_penalty_is_the_formula_and_nothing_at_the_start() -> None:
    model = torch.nn.Linear(2, 1, bias=False)
    start = model.weight.detach().clone()
    anchor = Anchor({"weight": torch.tensor([[2.0, 0.0]])}, {"weight": start}, 10.0)
    assert float(anchor.penalty(model)) == 0.0
    with torch.no_grad():
        model.weight += torch.tensor([[0.5, 9.0]])
    assert float(anchor.penalty(model)) == pytest.approx(10.0 / 2 * 2.0 * 0.5**2)


def test_the_fisher_information_is_the_mean_square_of_each_examples_gradient(before: tuple[FineTuned, Path]) -> None:
    done, _ = before
    found = fisher(done.model, LIKELIHOOD, LIKELIHOOD.rows(OLD_ROWS, done.model.encoder), PLAN)["head.bias"]
    outputs = torch.tensor(np.stack(done.outputs(OLD_ROWS)))
    right = torch.nn.functional.one_hot(torch.tensor(OLD_ROWS.classes), 2)
    torch.testing.assert_close(found, ((outputs.softmax(1) - right) ** 2).mean(0), rtol=1e-3, atol=1e-9)
