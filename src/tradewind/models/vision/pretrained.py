"""Resolves the name of a picture model: `package:efficientnet-lite0`, `timm:NAME`, or `dir:PATH` as saved here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final, Protocol, cast

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from tradewind.errors import MissingExtraError, ModelError
from tradewind.models.cache import default_cache, stored_once
from tradewind.models.lock import LockedSource, check_file, load_lock, sha256_of
from tradewind.models.sources.package import weights_path
from tradewind.models.vision.efficientnet_lite import LITE0, EfficientNetLite, Stage, rename_original
from tradewind.runtime.vision import PictureInput

WEIGHTS_FILE: Final = "backbone.safetensors"
CONVERSION: Final = 1
"""Part of the cache key: raised when the same file would be converted into other tensors."""


class Backbone(Protocol):
    """What a picture model has to offer; `nn.Module`s besides. `cut` counts blocks from the input."""

    dimension: int

    @property
    def depth(self) -> int: ...

    def below(self, pixels: torch.Tensor, cut: int) -> torch.Tensor: ...

    def above(self, states: torch.Tensor, cut: int) -> torch.Tensor: ...

    def names_below(self, cut: int) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class PictureModel:
    """A pretrained backbone and where it came from. `input` is how pictures are fitted to it."""

    backbone: Backbone
    input: PictureInput
    weights_source: str
    licence: str
    sha256: str


class WholeModel(nn.Module):
    """A model of another library as one block: it is run whole or not at all."""

    depth = 1

    def __init__(self, model: nn.Module, dimension: int) -> None:
        super().__init__()
        self.model = model
        self.dimension = dimension

    def below(self, pixels: torch.Tensor, cut: int) -> torch.Tensor:
        """Returns `pixels`, or the features once `cut` is 1."""
        return cast(torch.Tensor, self.model(pixels)) if cut else pixels

    def above(self, states: torch.Tensor, cut: int) -> torch.Tensor:
        """Returns features (n, dimension)."""
        return states if cut else cast(torch.Tensor, self.model(states))

    def names_below(self, cut: int) -> tuple[str, ...]:
        """Returns the model's name once it is below the cut."""
        return ("model",) if cut else ()


def resolve_pictures(spec: str, cache: Path | None = None, shape: PictureInput | None = None) -> PictureModel:
    """Returns the picture model that `spec` names, in evaluation mode.

    `shape` says otherwise than the model's own how pictures are fitted. Raises ModelError when the weights are missing
    or not the locked ones, MissingExtraError when a package is.
    """
    kind, _, name = spec.partition(":")
    if kind == "package":
        return _packaged(name, cache or default_cache(), shape or PictureInput())
    if kind == "dir":
        return _of_folder(Path(name).expanduser(), shape or PictureInput())
    if kind == "timm":
        return _of_timm(name, shape)
    raise ModelError(
        f"no picture model is called {spec!r}", hint="known: package:efficientnet-lite0, timm:NAME, dir:PATH"
    )


def save_backbone(backbone: nn.Module, folder: Path) -> None:
    """Writes the tensors of a backbone into `folder`, for `dir:`, with its stages where they are not Lite0's."""
    tensors = {name: tensor.contiguous() for name, tensor in backbone.state_dict().items()}
    metadata = {"format": "pt"}
    if isinstance(backbone, EfficientNetLite) and backbone.stages != LITE0:
        metadata["stages"] = json.dumps([astuple(stage) for stage in backbone.stages])
    save_file(tensors, folder / WEIGHTS_FILE, metadata=metadata)


def load_backbone(folder: Path) -> EfficientNetLite:
    """Returns the EfficientNet-Lite0, or its kin of other stages, saved in `folder`, in evaluation mode.

    Raises ModelError.
    """
    path = folder / WEIGHTS_FILE
    try:
        backbone = EfficientNetLite(_stages(path))
        backbone.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError, ValueError, TypeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"not an EfficientNet-Lite0: {reason}", where=str(path)) from None
    # Channels last is 1.4 times as fast on a processor, forwards and backwards.
    backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return backbone.eval()


def _stages(path: Path) -> tuple[Stage, ...]:
    with safe_open(path, framework="pt") as file:
        said = (file.metadata() or {}).get("stages")
    return tuple(Stage(*map(int, stage)) for stage in json.loads(said)) if said else LITE0


def _packaged(name: str, cache: Path, shape: PictureInput) -> PictureModel:
    source = load_lock("pictures").model(name).source("package")
    path = weights_path(source)

    def make(folder: Path) -> dict[str, Any]:
        check_file(path, source)
        save_file(rename_original(_read_torch(path, source)), folder / WEIGHTS_FILE, metadata={"format": "pt"})
        return {"source": source.label, "licence": source.licence}

    folder, facts = stored_once(cache, f"{name}-{source.sha256[:12]}-v{CONVERSION}", make)
    digest = facts["files"][WEIGHTS_FILE][1]
    return PictureModel(load_backbone(folder), shape, source.label, source.licence, digest)


def _read_torch(path: Path, source: LockedSource) -> Mapping[str, torch.Tensor]:
    try:
        return cast("Mapping[str, torch.Tensor]", torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:
        raise ModelError(f"{source.id} holds no readable weights: {type(error).__name__}", where=str(path)) from None


def _of_folder(folder: Path, shape: PictureInput) -> PictureModel:
    if not folder.is_dir():
        raise ModelError("there is no such folder", where=str(folder))
    backbone = load_backbone(folder)
    digest = sha256_of(folder / WEIGHTS_FILE)
    return PictureModel(backbone, shape, f"dir:{folder.name} (sha256 {digest[:12]})", "not stated", digest)


def _of_timm(name: str, shape: PictureInput | None) -> PictureModel:
    """timm imports torchvision, which pins a torch of its own: neither comes with an extra."""
    try:
        import timm
    except ImportError as error:
        raise MissingTimmError(error.name or "timm") from None
    try:
        model = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:
        reason = " ".join(str(error).split())[:160]
        raise ModelError(f"timm gives no pretrained model {name!r} ({reason})") from None
    licence = str(model.pretrained_cfg.get("license") or "not stated")
    whole = WholeModel(model, int(model.num_features)).eval()
    return PictureModel(whole, shape or _timm_input(model.pretrained_cfg), f"timm:{name}", licence, "")


def _timm_input(config: Mapping[str, Any]) -> PictureInput:
    """timm states means and deviations of values in 0..1."""
    mean, spread = (tuple(255.0 * float(value) for value in config[name]) for name in ("mean", "std"))
    return PictureInput(size=int(config["input_size"][-1]), mean=mean, spread=spread)


class MissingTimmError(MissingExtraError):
    """timm, or the torchvision that it imports, is not installed."""

    def __init__(self, module: str) -> None:
        super().__init__(f"{module}, which models named timm: need,", "vision")
        self.hint = "pip install --no-deps timm torchvision, with the torchvision made for your torch"
        self.args = (str(self),)
