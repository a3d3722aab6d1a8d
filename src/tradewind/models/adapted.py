"""Transformers with parts that cannot be merged into their weights, and the folder such parts are kept in.

The folder holds `adapter_config.json` and `adapter_model.safetensors`, in peft's form where peft made them, and no
weights of the pretrained transformer: it names the folder of those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from peft import PeftModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from transformers.modeling_outputs import BaseModelOutput

from tradewind.errors import ModelError
from tradewind.models.bi_encoder import E5_PREFIXES, BiEncoder, load_bi_encoder
from tradewind.models.bottleneck import bottleneck_weights, insert_bottlenecks
from tradewind.models.checkpoint import ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE

BOTTLENECK: Final = "BOTTLENECK"
"""What stands as `peft_type` for the adapters that are ours; the other kinds are peft's."""
_BASE: Final = "base_model_name_or_path"
_FACTS: Final = ("blocks", "model_type", "width", "placement")


class WithVirtualTokens(nn.Module):
    """A transformer that reads virtual tokens before each text, called like one without them.

    `virtual` states at the front of its output belong to no token of the text, and are left out.
    """

    def __init__(self, inner: PeftModel, virtual: int) -> None:
        super().__init__()
        self.inner = inner
        self.virtual = virtual

    def forward(self, *args: Any, **kwargs: Any) -> BaseModelOutput:
        """Returns the states (n, t, d) of the texts' own tokens."""
        return BaseModelOutput(last_hidden_state=self.inner(*args, **kwargs)[0][:, self.virtual :])

    @property
    def config(self) -> Any:
        """The configuration of the transformer."""
        return self.inner.get_base_model().config

    def get_input_embeddings(self) -> nn.Module:
        """Returns the word table."""
        transformer: Any = self.inner.get_base_model()
        table: nn.Module = transformer.get_input_embeddings()
        return table

    def save_pretrained(self, folder: Path, **_: Any) -> None:
        """Writes the virtual tokens, and not the transformer, into `folder`."""
        self.inner.save_pretrained(str(folder))


class WithBottlenecks(nn.Module):
    """A transformer with adapters in its blocks; its parts are found as without them."""

    def __init__(self, inner: nn.Module, facts: Mapping[str, Any]) -> None:
        super().__init__()
        self.inner = inner
        self.facts = dict(facts)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Returns what the transformer returns."""
        return self.inner(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("inner"), name)

    def save_pretrained(self, folder: Path, **_: Any) -> None:
        """Writes the adapters, and not the transformer, into `folder`."""
        described = {"peft_type": BOTTLENECK, _BASE: self.inner.name_or_path, **self.facts}
        (folder / ADAPTER_CONFIG_FILE).write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
        weights = {name: value.contiguous() for name, value in bottleneck_weights(self.inner).items()}
        save_file(weights, folder / ADAPTER_WEIGHTS_FILE)


def with_bottlenecks(transformer: nn.Module, facts: Mapping[str, Any]) -> WithBottlenecks:
    """Returns `transformer` with new adapters in it; `facts` are blocks, model_type, width and placement."""
    insert_bottlenecks(transformer, **facts)
    return WithBottlenecks(transformer, facts)


def load_adapted(
    folder: Path, *, base: Path | None = None, prefixes: Mapping[str, str] = E5_PREFIXES, max_tokens: int = 64
) -> BiEncoder:
    """Returns the encoder whose unmerged parts lie in `folder`, over the pretrained one in `base`.

    Without `base` the folder that was there in training is taken. Raises ModelError when either is not what it should
    be.
    """
    try:
        config = json.loads((folder / ADAPTER_CONFIG_FILE).read_text(encoding="utf-8"))
        encoder = load_bi_encoder(base or Path(config.get(_BASE) or ""), prefixes=prefixes, max_tokens=max_tokens)
        encoder.model = _adapted(encoder.model, folder, config)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError, SafetensorError) as error:
        raise ModelError(f"not the adapters of this encoder: {error}", where=str(folder)) from None
    return encoder.eval()


def _adapted(transformer: nn.Module, folder: Path, config: Mapping[str, Any]) -> nn.Module:
    if config["peft_type"] == BOTTLENECK:
        found = with_bottlenecks(transformer, {name: config[name] for name in _FACTS})
        missing = set(bottleneck_weights(transformer)) ^ set(weights := load_file(folder / ADAPTER_WEIGHTS_FILE))
        if missing:
            raise ValueError(f"other layers: {sorted(missing)[:3]}")
        transformer.load_state_dict(weights, strict=False)
        return found
    inner = PeftModel.from_pretrained(transformer, str(folder))
    return WithVirtualTokens(inner, virtual_states(inner))


def virtual_states(inner: PeftModel) -> int:
    """Returns how many states the virtual tokens add to the output: a prefix is only looked at and adds none."""
    config = inner.active_peft_config
    return int(config.num_virtual_tokens) if str(config.peft_type.value) == "PROMPT_TUNING" else 0
