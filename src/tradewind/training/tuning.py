"""What a tuning method is, and what a model tells it about its own parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from torch import nn

from tradewind import plugins


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a model, by the dotted names of its modules; a name covers everything below it.

    `head`: what is trained when nothing else is. `frozen`: what no method may move, such as the word table.
    `adaptable`: last names of the linear layers that low-rank adapters go on.
    """

    head: tuple[str, ...]
    frozen: tuple[str, ...] = ()
    adaptable: tuple[str, ...] = field(default=("query", "value"))


class TuningMethod(Protocol):
    """Decides which parameters of a model move, and gives the plain model back afterwards."""

    learning_rate: float
    """A good rate for AdamW when shop.yaml names none."""

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns the model to train: its parameters that must not move no longer require a gradient."""

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns the model with its first structure and what was learned merged into its weights."""


def method(name: str) -> TuningMethod:
    """Returns the tuning method registered as `name`. Raises ConfigError naming those that are."""
    found: TuningMethod = plugins.load("methods", name)()
    return found


def within(name: str, parts: tuple[str, ...]) -> bool:
    """Returns whether the dotted `name` is one of `parts` or lies below one."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def trainable(model: nn.Module) -> list[str]:
    """Returns the names of the parameters that move, in the model's order."""
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]
