"""A causal language model on this machine: many briefs are written together, each by its likeliest next word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import nn
from torch.nn.functional import linear

from tradewind.errors import ModelError
from tradewind.tasks.describe.brief import Brief, prompt

LONGEST_PROMPT: Final = 512
"""Tokens of a brief at most; what is beyond is cut off at its beginning, so that the last line stays."""


@dataclass(frozen=True, slots=True)
class CausalModel:
    """A loaded model and its tokenizer, in evaluation mode."""

    model: Any
    tokenizer: Any
    name: str

    @property
    def end(self) -> int:
        """The token that ends a text."""
        return int(self.tokenizer.eos_token_id)

    def prompt_ids(self, brief: Brief) -> list[int]:
        """Returns the tokens of a brief, with the token that begins a text where the model has one."""
        return cast("list[int]", self.tokenizer(prompt(brief)).input_ids)[-LONGEST_PROMPT:]

    def text_ids(self, brief: Brief, text: str) -> list[int]:
        """Returns the tokens of a whole description as it follows its brief, ended."""
        begun = text if brief.language == "zh" else f" {text}"
        ids: list[int] = self.tokenizer(begun, add_special_tokens=False).input_ids
        return [*ids, self.end]

    def states(self, inputs: dict[str, Any]) -> Any:
        """Returns what the transformer below the word head gives; all vocabularies cost the same up to there."""
        return self.model.base_model(**inputs)

    def head(self, vocabulary: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns the rows W (v, d) and b (v,) of the word head for the tokens `vocabulary` (v,)."""
        whole = cast(nn.Linear, self.model.get_output_embeddings())
        return whole.weight[vocabulary], None if whole.bias is None else whole.bias[vocabulary]


class CausalGenerator:
    """Writes with a causal model, choosing among the tokens of `own` texts and of the briefs at hand.

    That keeps the model within the shop's words, and a word head of a quarter of a million rows from costing more than
    all the rest of a small model. Without `own` the whole vocabulary is open.
    """

    def __init__(self, causal: CausalModel, own: Iterable[str] = (), *, longest: int = 64) -> None:
        self._causal = causal
        self._own = {token for text in own for token in causal.tokenizer(text, add_special_tokens=False).input_ids}
        self._own |= {token for text in own for token in causal.tokenizer(f" {text}").input_ids}
        self._longest = longest

    @property
    def name(self) -> str:
        """Returns the model's name."""
        return self._causal.name

    def write(self, briefs: list[Brief]) -> list[str]:
        """Returns one text per brief: up to the model's end of text or the first line's end."""
        if not briefs:
            return []
        prompts = [self._causal.prompt_ids(brief) for brief in briefs]
        written = _decoded(self._causal, prompts, self._vocabulary(prompts), self._longest)
        texts: list[str] = self._causal.tokenizer.batch_decode(written, skip_special_tokens=True)
        return [text.strip().partition("\n")[0].strip() for text in texts]

    def _vocabulary(self, prompts: Sequence[Sequence[int]]) -> torch.Tensor:
        if not self._own:
            return torch.arange(self._causal.model.get_output_embeddings().weight.shape[0])
        line = self._causal.tokenizer("\n", add_special_tokens=False).input_ids
        return torch.tensor(sorted({*self._own, *line, self._causal.end, *(token for ids in prompts for token in ids)}))


def load_causal(folder: Path, name: str) -> CausalModel:
    """Returns the model in a Hugging Face folder, float32. Raises ModelError when it is no causal language model."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        model = AutoModelForCausalLM.from_pretrained(
            str(folder), dtype=torch.float32, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"not a causal language model: {reason}", where=str(folder)) from None
    if tokenizer.eos_token_id is None:
        raise ModelError("the tokenizer has no token that ends a text", where=str(folder))
    return CausalModel(cast(nn.Module, model).eval(), tokenizer, name)


def save_causal(causal: CausalModel, folder: Path) -> Path:
    """Writes model and tokenizer into `folder`, for `dir:`, and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    causal.model.save_pretrained(folder)
    causal.tokenizer.save_pretrained(folder)
    return folder


@torch.no_grad()
def _decoded(
    causal: CausalModel, prompts: Sequence[Sequence[int]], vocabulary: torch.Tensor, longest: int
) -> list[list[int]]:
    """Returns the tokens that follow each prompt, chosen greedily; the texts go through the model side by side."""
    weight, bias = causal.head(vocabulary)
    ids, mask = _padded_left(prompts, causal.end)
    past: Any = None
    written = torch.empty((len(prompts), 0), dtype=torch.long)
    open_texts = torch.ones(len(prompts), dtype=torch.bool)
    for _ in range(longest):
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": positions}
        found = causal.states(inputs | {"past_key_values": past, "use_cache": True})
        past = found.past_key_values
        chosen = vocabulary[linear(found.last_hidden_state[:, -1], weight, bias).argmax(-1)]
        chosen = torch.where(open_texts, chosen, causal.end)
        written = torch.cat([written, chosen[:, None]], dim=1)
        open_texts &= chosen != causal.end
        if not open_texts.any():
            break
        ids, mask = chosen[:, None], torch.cat([mask, torch.ones_like(mask[:, :1])], dim=1)
    rows: list[list[int]] = written.tolist()
    return rows


def _padded_left(prompts: Sequence[Sequence[int]], filler: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, prompts))
    ids = torch.tensor([[filler] * (width - len(row)) + list(row) for row in prompts])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in prompts])
    return ids, mask
