"""Which layers of a model the methods of peft go on, and what is trained whole beside them."""

from __future__ import annotations

from torch import nn

from tradewind.errors import ConfigError
from tradewind.models.bottleneck import Bottleneck
from tradewind.training.tuning import Parts, within


def low_rank_targets(name: str, model: nn.Module, parts: Parts) -> list[str]:
    """Returns the names of the linear layers that low-rank adapters go on.

    Raises ConfigError, speaking of the method `name`, when the model has none.
    """
    found = [
        place
        for place, module in model.named_modules()
        if isinstance(module, nn.Linear)
        and place.rpartition(".")[2] in parts.adaptable
        and not within(place, parts.frozen)
    ]
    if not found:
        raise ConfigError(
            f"{name} finds no layer called {' or '.join(parts.adaptable)} in {type(model).__name__}",
            hint="use the method full or head for this model",
        )
    return found


def whole_head(parts: Parts, targets: list[str]) -> list[str] | None:
    """Returns the head's modules that no adapter goes into, None when there are none: a fresh head is learned whole."""
    return [name for name in parts.head if not any(within(target, (name,)) for target in targets)] or None


def fresh_head(parts: Parts) -> tuple[str, ...]:
    """Returns the head's modules outside the transformer; a bi-encoder, whose head is its last block, has none."""
    return tuple(name for name in parts.head if not within(name, (parts.transformer,)))


def adapter_names(model: nn.Module) -> tuple[str, ...]:
    """Returns the names of the new layers of the bottleneck adapters in `model`."""
    adapters = [name for name, module in model.named_modules() if isinstance(module, Bottleneck)]
    return tuple(f"{name}.{part}" for name in adapters for part in ("down", "up"))
