"""What a tuning method is, and what a model tells it about its own parts."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from pydantic import ConfigDict, ValidationError
from torch import nn

from tradewind import plugins
from tradewind.errors import ConfigError
from tradewind.models.adaptable import lacking

if TYPE_CHECKING:
    from transformers import TrainerCallback

OPTIONS: Final = ConfigDict(extra="forbid")
"""How a method's options are read, where it is one of pydantic's dataclasses."""
NO_OPTIONS: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a model, by the dotted names of its modules; a name covers everything below it.

    `head`: what is trained when nothing else is. `frozen`: what no method may move, such as the word table.
    `adaptable`: last names of the linear layers that low-rank adapters go on.
    `transformer` is the pretrained transformer inside the model, `model_type` its family, `blocks` its blocks, lowest
    first; a model without one leaves the three empty.
    """

    head: tuple[str, ...]
    frozen: tuple[str, ...] = ()
    adaptable: tuple[str, ...] = field(default=("query", "value"))
    transformer: str = ""
    model_type: str = ""
    blocks: tuple[str, ...] = ()

    @property
    def moving_blocks(self) -> tuple[str, ...]:
        """The blocks that are not frozen, lowest first."""
        return tuple(block for block in self.blocks if not within(block, self.frozen))


class TuningMethod(Protocol):
    """Decides which parameters of a model move, and gives the plain model back afterwards."""

    learning_rate: float
    """A good rate for AdamW when shop.yaml names none."""
    merges: bool = True
    """Whether `finish` gives a model of its first structure: what does not merge cannot be exported and served."""

    def moving(self, depth: int, wanted: int) -> int:
        """Returns how many of the `depth` blocks are run in every step, from the top; the effort asks for `wanted`.

        What lies below them is computed once. A method whose parameters reach the lowest block returns `depth`.
        """
        return min(depth, max(1, wanted))

    def prepare(self, model: nn.Module, parts: Parts) -> nn.Module:
        """Returns the model to train: its parameters that must not move no longer require a gradient.

        Raises ConfigError when the model cannot take the method.
        """

    def finish(self, model: nn.Module) -> nn.Module:
        """Returns the model with its first structure and what was learned merged into its weights.

        Where the method does not merge, what it added stays in the model and is saved beside the pretrained weights.
        """


@runtime_checkable
class Attended(Protocol):
    """A prepared model, or a module in it, that has work to do beside the optimiser's steps."""

    def callbacks(self, steps: int) -> list[TrainerCallback]:
        """Returns what the trainer calls during a run of `steps` optimiser steps."""


def method(name: str, options: Mapping[str, Any] = NO_OPTIONS) -> TuningMethod:
    """Returns the tuning method registered as `name`, made with `options`.

    Raises ConfigError naming the registered methods, the option nearest to an unknown one, or a value that is wrong.
    """
    kind = plugins.load("methods", name)
    try:
        found: TuningMethod = kind(**options)
    except ValidationError as error:
        raise ConfigError("; ".join(_explain(name, kind, dict(one)) for one in error.errors())) from None
    return found


def merging() -> list[str]:
    """Returns the names of the methods whose result can be exported and served."""
    return [name for name in plugins.names("methods") if plugins.load("methods", name).merges]


def must_merge(name: str, tuning: TuningMethod, task: str) -> None:
    """Raises ConfigError when what `tuning` adds cannot be merged and `task` is exported when its run ends."""
    if not tuning.merges:
        raise ConfigError(
            f"{task} is exported and served, and what {name} adds cannot be",
            hint=f"methods whose result merges: {', '.join(merging())}",
        )


def require(name: str, parts: Parts) -> None:
    """Raises ConfigError when the model of `parts` cannot take the method `name`, listing those it can."""
    lacks = lacking(parts.model_type)
    if name in lacks:
        whose = f"a {parts.model_type} model" if parts.model_type else "this model"
        takes = [known for known in plugins.names("methods") if known not in lacks]
        raise ConfigError(f"{whose} cannot take the method {name}", hint=f"it can take: {', '.join(takes)}")


def attending(model: nn.Module, steps: int) -> list[TrainerCallback]:
    """Returns what has to be called while `model` is trained for `steps` optimiser steps."""
    return [callback for part in model.modules() if isinstance(part, Attended) for callback in part.callbacks(steps)]


def move_only(model: nn.Module, names: tuple[str, ...]) -> nn.Module:
    """Returns `model`, nothing but what lies within `names` requiring a gradient."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(within(name, names))
    return model


def within(name: str, parts: tuple[str, ...]) -> bool:
    """Returns whether the dotted `name` is one of `parts` or lies below one."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


def trainable(model: nn.Module) -> list[str]:
    """Returns the names of the parameters that move, in the model's order."""
    return [name for name, parameter in model.named_parameters() if parameter.requires_grad]


def _explain(name: str, kind: Any, found: dict[str, Any]) -> str:
    option = str(found["loc"][0]) if found["loc"] else ""
    if found["type"] != "unexpected_keyword_argument":
        return f"method_options.{option}: {found['msg']} (it says {found['input']!r})"
    options = list(getattr(kind, "__dataclass_fields__", {}))
    near = difflib.get_close_matches(option, options, n=1, cutoff=0.4)
    known = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(options) or 'none'}"
    return f"method_options.{option}: {name} has no such option; {known}"
