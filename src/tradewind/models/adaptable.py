"""Which linear layers low-rank adapters go on, by a transformer's family; peft's own defaults miss whole families."""

from __future__ import annotations

from typing import Final

ATTENTION_LAYERS: Final[dict[str, tuple[str, ...]]] = {
    "bert": ("query", "value"),
    "roberta": ("query", "value"),
    "xlm-roberta": ("query", "value"),
    "electra": ("query", "value"),
    "deberta-v2": ("query_proj", "value_proj"),
    "mpnet": ("q", "v"),
    "modernbert": ("Wqkv",),
    "distilbert": ("q_lin", "v_lin"),
}


def attention_layers(model_type: str) -> tuple[str, ...]:
    """Returns the last names of the query and value layers of a family; BERT's names for one that is not listed."""
    return ATTENTION_LAYERS.get(model_type, ("query", "value"))
