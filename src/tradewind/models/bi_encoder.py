"""A transformer encoder as a bi-encoder: texts in three roles become unit vectors by mean pooling."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn.functional import normalize
from transformers import AutoConfig, AutoModel

from tradewind.models.adaptable import runs_by_block
from tradewind.models.checkpoint import CONFIG_FILE, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, require_checkpoint
from tradewind.models.narrow import is_narrow, load_narrow
from tradewind.runtime.role_map import TOGETHER_FILE, RoleMap, read_role_map, write_role_map

E5_PREFIXES: Final[Mapping[str, str]] = {
    "query": "query: ",
    "passage": "passage: ",
    "together": "query: bought with: ",
}
_BATCH: Final = 32


class BiEncoder(nn.Module):
    """Maps tokens (n, t) to unit vectors (n, d): the transformer, its mean over tokens, L2 normalisation.

    The blocks can be run apart at a `cut`: `below` gives the states that enter block `cut`, `forward` goes on from
    them. Where the lower blocks are frozen, their states are the same in every step and need computing only once.
    """

    def __init__(self, model: nn.Module, tokenizer: Tokenizer, prefixes: Mapping[str, str], max_tokens: int) -> None:
        super().__init__()
        self.model = model
        self.prefixes = dict(prefixes)
        self.max_tokens = max_tokens
        self._tokenizer = tokenizer
        self._blocks = _longest_list(model)
        self.together: RoleMap | None = None

    @property
    def blocks(self) -> tuple[str, ...]:
        """The dotted names of the transformer's blocks, lowest first."""
        depth = len(self.model.get_submodule(self._blocks)) if self._blocks else 0  # type: ignore[arg-type]
        return tuple(f"model.{self._blocks}.{number}" for number in range(depth))

    @property
    def can_cut(self) -> bool:
        """Whether the blocks can be run apart: BERT, XLM-R, RoBERTa and ELECTRA, whose blocks ask for nothing more."""
        config: Any = self.model.config
        plain = self._blocks == "encoder.layer" and not hasattr(self.model, "embeddings_project")
        return plain and runs_by_block(str(config.model_type)) and hasattr(self.model, "embeddings")

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokeniser, for a task that has to know which characters a token stands for."""
        return self._tokenizer

    def tokens(self, texts: Sequence[str], role: str) -> list[list[int]]:
        """Returns token ids per text with the role's prefix, at most `max_tokens` of them."""
        prefix = self.prefixes[role]
        return [found.ids for found in self._tokenizer.encode_batch([prefix + text for text in texts])]

    def pair_tokens(self, firsts: Sequence[str], seconds: Sequence[str]) -> list[list[int]]:
        """Returns the token ids of each pair read as one text, as a cross-encoder does; the longer one is cut first."""
        return [found.ids for found in self._tokenizer.encode_batch(list(zip(firsts, seconds, strict=True)))]

    def forward(self, states: torch.Tensor, mask: torch.Tensor, cut: int = 0) -> torch.Tensor:
        """Returns unit vectors (n, d); `states` as `hidden` takes them."""
        hidden = self.hidden(states, mask, cut)
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return normalize((hidden * weights).sum(1) / weights.sum(1), dim=-1)

    def hidden(self, states: torch.Tensor, mask: torch.Tensor, cut: int = 0) -> torch.Tensor:
        """Returns the last block's states (n, t, d).

        `states` are token ids (n, t); with a cut the states (n, t, d) below it; or what `embedded` gave.
        """
        if cut:
            return _run(self._layers()[cut:], states, mask)
        given = {"inputs_embeds": states} if states.is_floating_point() else {"input_ids": states}
        found: torch.Tensor = self.model(**given, attention_mask=mask.long())[0]
        return found

    def embedded(self, ids: torch.Tensor) -> torch.Tensor:
        """Returns the word vectors (n, t, d) of token ids (n, t), before positions are added."""
        table: nn.Module = self.model.get_input_embeddings()  # type: ignore[operator]
        found: torch.Tensor = table(ids)
        return found

    @torch.no_grad()
    def below(self, ids: torch.Tensor, mask: torch.Tensor, cut: int) -> torch.Tensor:
        """Returns the states (n, t, d) that enter block `cut`, computed without dropout."""
        self.eval()
        hidden = self.model.embeddings(input_ids=ids)  # type: ignore[operator]
        return _run(self._layers()[:cut], hidden, mask)

    @torch.no_grad()
    def encode(self, texts: Sequence[str], role: str) -> npt.NDArray[np.float32]:
        """Returns float32 (n, d) unit vectors in the order of `texts`, computed in batches of like length."""
        self.eval()
        ids = self.tokens(texts, role)
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            out[rows] = self(*padded([torch.tensor(ids[row]) for row in rows])).float().numpy()
        return self.in_role(out, role)

    def in_role(self, vectors: npt.NDArray[np.float32], role: str) -> npt.NDArray[np.float32]:
        """Returns what the vectors (n, d) of texts read in `role` are there: mapped for `together` where learned."""
        return self.together.apply(vectors) if self.together and role == "together" else vectors

    @property
    def dimension(self) -> int:
        """The width of the vectors."""
        config: Any = self.model.config
        return int(config.hidden_size)

    def _layers(self) -> list[nn.Module]:
        return list(self.model.get_submodule(self._blocks).children())


def load_bi_encoder(
    folder: Path, *, prefixes: Mapping[str, str] = E5_PREFIXES, max_tokens: int = 64, dropout: float = 0.0
) -> BiEncoder:
    """Returns the fp32 encoder in the Hugging Face `folder`. Raises ModelError when it is none, or would run code."""
    require_checkpoint(folder)
    config = AutoConfig.from_pretrained(folder)
    for name in ("hidden_dropout_prob", "attention_probs_dropout_prob", "dropout", "attention_dropout"):
        if hasattr(config, name):
            setattr(config, name, dropout)
    options = _without_pooler(config.model_type)
    if is_narrow(config):
        model: Any = load_narrow(folder, config, **options)
    else:
        model = AutoModel.from_pretrained(folder, config=config, dtype=torch.float32, **options)
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    encoder = BiEncoder(model, tokenizer, prefixes, max_tokens)
    encoder.together = read_role_map(folder, encoder.dimension)
    return encoder


def save_bi_encoder(encoder: BiEncoder, source: Path, out: Path) -> Path:
    """Writes the weights as a Hugging Face folder and returns it; tokeniser and configuration are those of `source`."""
    out.mkdir(parents=True, exist_ok=True)
    encoder.model.save_pretrained(out, safe_serialization=True)  # type: ignore[operator]
    for name in (TOKENIZER_FILE, TOKENIZER_CONFIG_FILE, CONFIG_FILE):
        if (source / name).is_file():
            shutil.copyfile(source / name, out / name)
    (out / TOGETHER_FILE).unlink(missing_ok=True)
    if encoder.together:
        write_role_map(encoder.together, out)
    return out


def padded(rows: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the rows stacked to the longest, zeros behind, and the mask (n, t) that is true where a row is."""
    stacked = nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return stacked, torch.arange(stacked.shape[1])[None, :] < lengths[:, None]


def _run(layers: Sequence[nn.Module], hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    allowed = mask[:, None, None, :].expand(-1, 1, mask.shape[1], -1)
    for layer in layers:
        found = layer(hidden, allowed)
        hidden = found[0] if isinstance(found, tuple) else found
    return hidden


def _longest_list(model: nn.Module) -> str:
    lists = {name: len(module) for name, module in model.named_modules() if isinstance(module, nn.ModuleList)}
    return max(lists, key=lambda name: lists[name], default="")


def _without_pooler(model_type: str) -> dict[str, bool]:
    """Mean pooling leaves a pooler unused, and a converted checkpoint has none to load."""
    return {"add_pooling_layer": False} if model_type in {"bert", "roberta", "xlm-roberta", "camembert"} else {}
