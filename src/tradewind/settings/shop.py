"""The whole of shop.yaml, how it is read, and the folders of a shop."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from tradewind.errors import ConfigError
from tradewind.settings.base import Settings
from tradewind.settings.compress import CompressSettings
from tradewind.settings.data import EventSettings, ItemSettings
from tradewind.settings.encoder import EncoderSettings
from tradewind.settings.learn import LearnSettings
from tradewind.settings.serve import IndexSettings, ServeSettings
from tradewind.settings.strict_yaml import load_yaml


class ShopSettings(Settings):
    """The whole of shop.yaml."""

    shop: str
    languages: list[Literal["en", "zh"]] = ["en"]
    currency: str | None = None
    notice: str | None = None
    """Said wherever this shop's figures stand, for example that its data is simulated."""
    items: ItemSettings
    events: list[EventSettings] = []
    store: str | None = None
    """A SQLAlchemy address; left out, a SQLite file in the shop's own folder."""
    encoder: EncoderSettings = EncoderSettings()
    compress: CompressSettings = CompressSettings()
    learn: LearnSettings = LearnSettings()
    index: IndexSettings = IndexSettings()
    serve: ServeSettings = ServeSettings()
    queries: str | None = None
    """A check file of queries and what counts as right, for `tradewind evaluate`."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's settings and the folders where its work lies."""

    settings: ShopSettings
    root: Path

    @property
    def work(self) -> Path:
        return self.root / ".tradewind"

    @property
    def store_url(self) -> str:
        return self.settings.store or f"sqlite:///{self.work / 'store.db'}"

    @property
    def snapshots(self) -> Path:
        return self.work / "snapshots"

    @property
    def quarantine(self) -> Path:
        return self.work / "quarantine"

    @property
    def artefacts(self) -> Path:
        return self.work / "artefacts"

    @property
    def keys(self) -> Path:
        return self.work / "keys"

    @property
    def reports(self) -> Path:
        return self.work / "reports"

    @property
    def scratch(self) -> Path:
        """Checkpoints and half-made files; may be deleted at any time."""
        return self.work / "scratch"


def load_shop(folder: str | Path) -> Shop:
    """Returns the shop whose shop.yaml lies in `folder` (or is that file).

    Raises ConfigError naming the field, and the nearest right name for a word it does not know.
    """
    path = Path(folder)
    path = path / "shop.yaml" if path.is_dir() or not path.suffix else path
    if not path.is_file():
        raise ConfigError("there is no shop.yaml", where=str(path), hint="make one with `tradewind init DIR`")
    return Shop(settings=parse_shop(path.read_bytes(), where=str(path)), root=path.parent.resolve())


def parse_shop(raw: bytes, *, where: str) -> ShopSettings:
    """Returns the settings written in `raw` (YAML, UTF-8). Raises ConfigError."""
    try:
        loaded = load_yaml(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"byte {error.start} is not UTF-8", where=where) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"not valid YAML: {' '.join(str(error).split())}", where=where) from None
    if not isinstance(loaded, dict):
        raise ConfigError("shop.yaml must hold named settings", where=where)
    try:
        return ShopSettings.model_validate(loaded)
    except ValidationError as error:
        raise ConfigError(_explain(error), where=where) from None


def _explain(error: ValidationError) -> str:
    return "; ".join(_explain_one(dict(found)) for found in error.errors())


def _explain_one(found: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in found["loc"])
    if found["type"] != "extra_forbidden":
        return f"{place}: {found['msg']} (it says {found['input']!r})"
    near = difflib.get_close_matches(str(found["loc"][-1]), _names_at(found["loc"]), n=1, cutoff=0.4)
    return f"{place}: there is no such setting" + (f"; did you mean {near[0]!r}?" if near else "")


def _names_at(loc: tuple[Any, ...]) -> list[str]:
    """Returns the field names that are right where `loc` has a wrong one."""
    model: Any = ShopSettings
    for part in loc[:-1]:
        if isinstance(part, int) or not hasattr(model, "model_fields"):
            continue
        fields = model.model_fields
        if part in fields:
            model = _model_in(fields[part].annotation) or model
    return list(getattr(model, "model_fields", {}))


def _model_in(annotation: Any) -> type[Settings] | None:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found:
            return found
    return None
