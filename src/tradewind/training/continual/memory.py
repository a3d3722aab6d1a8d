"""What a published version leaves for the next: its weights, what each of them mattered, and which rows it knew.

Rows are known by a hash of what stands in them. No text is kept: what a later run learns again is read from the shop's
table as it then is, so that a row which was deleted there never comes back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file

from tradewind.data.examples import Examples
from tradewind.models.text_model import TextModel

FACTS: Final = "memory.json"
HEAD: Final = "head_start.safetensors"
FISHER: Final = "fisher.safetensors"
Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """`folder` holds the encoder as a Hugging Face folder and the files above; `weights` is the hash of the pretrained
    weights, `outputs` says what each row of the head stands for, `rows` are hashes."""

    version: str
    folder: Path
    task: str
    weights: str
    outputs: Names
    rows: frozenset[str] = field(default=frozenset())

    @property
    def has_weights(self) -> bool:
        """Whether there is more than the rows: weights to go on from."""
        return (self.folder / HEAD).is_file()

    def knows(self, examples: Examples) -> list[bool]:
        """Returns for each example whether the version knew it."""
        return [one in self.rows for one in row_hashes(examples)]

    def importance(self, outputs: Names) -> dict[str, torch.Tensor]:
        """Returns the Fisher information by parameter name, that of the head for `outputs`: 0 for what is new."""
        found: dict[str, torch.Tensor] = load_file(self.folder / FISHER)
        for name in ("head.weight", "head.bias"):
            found[name] = self._rearranged(found[name], outputs)
        return found

    def put_head(self, model: TextModel, outputs: Names) -> None:
        """Gives `model` the head of the version; an output that is new begins at 0."""
        kept = load_file(self.folder / HEAD)
        with torch.no_grad():
            model.centre.copy_(kept["centre"])
            model.spread.copy_(kept["spread"])
            model.head.weight.copy_(self._rearranged(kept["weight"], outputs))
            model.head.bias.copy_(self._rearranged(kept["bias"], outputs))

    def _rearranged(self, rows: torch.Tensor, outputs: Names) -> torch.Tensor:
        place = {name: number for number, name in enumerate(self.outputs)}
        nothing = torch.zeros_like(rows[0])
        return torch.stack([rows[place[name]] if name in place else nothing for name in outputs])


def write_weights(folder: Path, model: TextModel, importance: Mapping[str, torch.Tensor]) -> None:
    """Writes the head as it is trained, and the importance of all weights, beside the encoder in `folder`."""
    head = {"weight": model.head.weight, "bias": model.head.bias, "centre": model.centre, "spread": model.spread}
    save_file({name: value.detach().clone() for name, value in head.items()}, folder / HEAD)
    save_file(dict(importance), folder / FISHER)


def write_facts(folder: Path, *, task: str, weights: str, outputs: Names, examples: Examples) -> None:
    """Writes memory.json into `folder`, made when not there: what the version was, and the hashes of its rows."""
    rows = sorted(set(row_hashes(examples)))
    told = {"format": 1, "task": task, "weights": weights, "outputs": list(outputs), "rows": rows}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACTS).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_memory(folder: Path, version: str) -> Memory:
    """Returns the memory in `folder`, which is of the estimator's `version`."""
    told = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return Memory(version, folder, told["task"], told["weights"], tuple(told["outputs"]), frozenset(told["rows"]))


def row_hashes(examples: Examples) -> list[str]:
    """Returns a hash of text, second text and target of each example."""
    rows = zip(examples.texts, examples.seconds, examples.targets, strict=True)
    return [hashlib.sha256(json.dumps([str(part) for part in row]).encode()).hexdigest()[:32] for row in rows]
