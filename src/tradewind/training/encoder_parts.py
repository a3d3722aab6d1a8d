"""How much of an encoder moves, and where it can be cut so that what stays still is computed once."""

from __future__ import annotations

from typing import Any

from tradewind.models.adaptable import attention_layers
from tradewind.models.bi_encoder import BiEncoder
from tradewind.training.tuning import Parts, TuningMethod, method


def moving_blocks(encoder: BiEncoder, tuning: TuningMethod | str, wanted: int) -> int:
    """Returns how many of the top blocks are run in every step: what the method says when the effort asks for `wanted`.

    A method may be given by its name where it has no options.
    """
    chosen = method(tuning) if isinstance(tuning, str) else tuning
    return chosen.moving(len(encoder.blocks), wanted)


def encoder_parts(encoder: BiEncoder, moving: int, *, prefix: str = "", head: tuple[str, ...] = ()) -> Parts:
    """Returns the parts for tuning: below the `moving` top blocks all is frozen, the word table always is.

    A bi-encoder has no layer of its own above the transformer, so its head is the last block, which feeds the pooling;
    a classifier names its own `head`. `prefix` is the encoder's name inside the model that is trained.
    """
    blocks = [f"{prefix}{name}" for name in encoder.blocks]
    config: Any = encoder.model.config
    still = (f"{prefix}model.embeddings", *blocks[: len(blocks) - moving])
    family = str(config.model_type)
    return Parts(
        head=head or tuple(blocks[-1:]),
        frozen=still,
        adaptable=attention_layers(family),
        transformer=f"{prefix}model",
        model_type=family,
        blocks=tuple(blocks),
    )


def cut_at(encoder: BiEncoder, moving: int) -> int:
    """Returns the block from which the encoder has to be run again in every step; 0 where it cannot be cut."""
    return len(encoder.blocks) - moving if encoder.can_cut else 0
