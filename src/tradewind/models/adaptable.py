"""What of a transformer's family a tuning method can take hold of; peft's own defaults miss whole families."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Family:
    """Names of a family's layers, relative to one of its blocks.

    `queries_values` are what low-rank adapters go on, `keys_values` what IA3 multiplies the output of; where one layer
    gives all three, it stands in both. `attention_output` and `feed_forward_output` are the last layers of a block's
    two halves. `lacks` are the methods that the family cannot take. `runs_by_block`: a block asks for states and a mask
    and nothing else, such as relative positions, so that a model can be run from the middle.
    """

    queries_values: tuple[str, ...]
    keys_values: tuple[str, ...]
    attention_output: str
    feed_forward_output: str
    lacks: frozenset[str] = frozenset()
    runs_by_block: bool = False


_NO_CACHE: Final = frozenset({"prefix"})
"""A prefix comes in as cached keys and values, and these families read none."""

_BERT: Final = Family(
    queries_values=("attention.self.query", "attention.self.value"),
    keys_values=("attention.self.key", "attention.self.value"),
    attention_output="attention.output.dense",
    feed_forward_output="output.dense",
    runs_by_block=True,
)

FAMILIES: Final[dict[str, Family]] = {
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "electra": _BERT,
    "deberta-v2": Family(
        queries_values=("attention.self.query_proj", "attention.self.value_proj"),
        keys_values=("attention.self.key_proj", "attention.self.value_proj"),
        attention_output="attention.output.dense",
        feed_forward_output="output.dense",
        lacks=_NO_CACHE,
    ),
    "mpnet": Family(
        queries_values=("attention.attn.q", "attention.attn.v"),
        keys_values=("attention.attn.k", "attention.attn.v"),
        attention_output="attention.attn.o",
        feed_forward_output="output.dense",
        lacks=_NO_CACHE,
    ),
    "modernbert": Family(
        queries_values=("attn.Wqkv",),
        keys_values=("attn.Wqkv",),
        attention_output="attn.Wo",
        feed_forward_output="mlp.Wo",
        lacks=_NO_CACHE,
    ),
    "distilbert": Family(
        queries_values=("attention.q_lin", "attention.v_lin"),
        keys_values=("attention.k_lin", "attention.v_lin"),
        attention_output="attention.out_lin",
        feed_forward_output="ffn.lin2",
        lacks=_NO_CACHE,
    ),
}
_UNLISTED: Final = frozenset({"adapter", "ia3", "prefix"})
"""What needs this table: the other methods go by what a model says of itself."""
_NO_TRANSFORMER: Final = _UNLISTED | {"partial", "prompt"}


def attention_layers(model_type: str) -> tuple[str, ...]:
    """Returns the last names of the query and value layers of a family; BERT's names for one that is not listed."""
    return tuple(name.rpartition(".")[2] for name in FAMILIES.get(model_type, _BERT).queries_values)


def lacking(model_type: str) -> frozenset[str]:
    """Returns the methods that a family cannot take; "" stands for a model that holds no pretrained transformer."""
    if not model_type:
        return _NO_TRANSFORMER
    return FAMILIES[model_type].lacks if model_type in FAMILIES else _UNLISTED


def runs_by_block(model_type: str) -> bool:
    """Returns whether a family's blocks can be run apart; False for one that is not listed."""
    return model_type in FAMILIES and FAMILIES[model_type].runs_by_block
