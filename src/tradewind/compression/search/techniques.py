"""What can be taken out of an encoder before it is written: a new technique is a class, and a line in TECHNIQUES."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradewind.compression.search.candidate import Form, Outline, Technique

if TYPE_CHECKING:
    from tradewind.compression.search.workshop import Workshop

FORMS: Final = (
    Form("int8-static", "onnx"),
    Form("int8", "onnx"),
    Form("int8-static", "openvino"),
    Form("fp32", "onnx"),
    Form("fp32", "openvino"),
)


class Transformer(Technique):
    """What techniques have in common whose result is a transformer still."""

    @property
    def trains(self) -> bool:
        return False

    def forms(self) -> tuple[Form, ...]:
        return FORMS

    def widths(self, outline: Outline) -> tuple[int, ...]:
        return _cuts(outline.width)


class Shrunk(Transformer):
    """What techniques have in common whose result is a smaller checkpoint of the same kind."""

    @abstractmethod
    def shrink(self, workshop: Workshop, folder: Path) -> Path:
        """Returns the smaller checkpoint, somewhere in `folder`."""

    def make(self, workshop: Workshop, form: Form, out: Path) -> Path:
        checkpoint = workshop.student(self, lambda folder: self.shrink(workshop, folder))
        return workshop.exported(checkpoint, form, out)


@dataclass(frozen=True)
class Whole(Transformer):
    """Nothing is taken out."""

    @property
    def name(self) -> str:
        return "whole"

    @property
    def family(self) -> str:
        return "whole"

    @property
    def kept(self) -> tuple[float, ...]:
        return (1.0,)

    def work(self, outline: Outline) -> float:
        return 1.0

    def numbers(self, outline: Outline) -> tuple[int, int]:
        return outline.blocks * outline.block, outline.table

    def make(self, workshop: Workshop, form: Form, out: Path) -> Path:
        return workshop.exported(workshop.original, form, out)


@dataclass(frozen=True)
class Pruned(Shrunk):
    """`blocks` of the transformer's blocks stay, those that are missed most, in each the `heads` that are needed most
    and a `share` of the feed-forward width; where `distilled`, what is left learns the original's vectors."""

    blocks: int
    heads: int
    share: float
    distilled: bool
    of: Outline

    @property
    def name(self) -> str:
        parts = [f"{self.blocks} blocks"] if self.blocks < self.of.blocks else []
        parts += [f"{self.heads} heads"] if self.heads < self.of.heads else []
        parts += [f"width {self.share:g}"] if self.share < 1.0 else []
        return ", ".join(parts + (["distilled"] if self.distilled else []))

    @property
    def trains(self) -> bool:
        return self.distilled

    @property
    def family(self) -> str:
        return "distilled" if self.distilled else "pruned"

    @property
    def kept(self) -> tuple[float, ...]:
        return (self.blocks, self.heads, self.share)

    def work(self, outline: Outline) -> float:
        return self.numbers(outline)[0] / (outline.blocks * outline.block)

    def numbers(self, outline: Outline) -> tuple[int, int]:
        attention = 4 * outline.width**2 * self.heads / outline.heads
        return round(self.blocks * (attention + 2 * outline.width * outline.inner * self.share)), outline.table

    def shrink(self, workshop: Workshop, folder: Path) -> Path:
        from tradewind.compression.pruning.choosing import chosen_blocks
        from tradewind.compression.pruning.heads import prune_heads
        from tradewind.compression.pruning.layers import prune_layers
        from tradewind.compression.pruning.width import prune_width

        smaller, texts, prefixes = workshop.original, workshop.calibration, workshop.prefixes
        if self.blocks < self.of.blocks:
            kept = chosen_blocks(smaller, self.blocks, texts, prefixes=prefixes, role="query")
            smaller = prune_layers(smaller, kept, folder / "blocks")
        if self.heads < self.of.heads:
            smaller = prune_heads(smaller, self.heads, texts, folder / "heads", prefixes=prefixes)
        if self.share < 1.0:
            smaller = prune_width(smaller, self.share, texts, folder / "width", prefixes=prefixes)
        return workshop.distilled(smaller, folder / "run") if self.distilled else smaller


@dataclass(frozen=True)
class StaticTokens:
    """The transformer goes; each token has one vector of `dimension` numbers, and a text's is their mean."""

    dimension: int

    @property
    def name(self) -> str:
        return "static token vectors"

    @property
    def family(self) -> str:
        return "static"

    @property
    def kept(self) -> tuple[float, ...]:
        return (self.dimension,)

    @property
    def trains(self) -> bool:
        return True

    def forms(self) -> tuple[Form, ...]:
        return (Form("int8", "static"),)

    def work(self, outline: Outline) -> float:
        return 0.0

    def numbers(self, outline: Outline) -> tuple[int, int]:
        return 0, outline.vocabulary * self.dimension

    def widths(self, outline: Outline) -> tuple[int, ...]:
        return _cuts(self.dimension)

    def make(self, workshop: Workshop, form: Form, out: Path) -> Path:
        kept = workshop.student(self, lambda folder: workshop.static(self.dimension, folder / "bundle"))
        return shutil.copytree(kept, out)


def _cuts(width: int) -> tuple[int, ...]:
    """Returns the lengths to which vectors of `width` numbers are tried, the whole one first."""
    return (width, *(cut for cut in (256, 192, 128, 64) if cut < width))


def _whole(outline: Outline) -> list[Technique]:
    return [Whole()]


def _static(outline: Outline) -> list[Technique]:
    return [StaticTokens(outline.width)]


def _pruned(outline: Outline) -> list[Technique]:
    """Without learning little can go; what learns may be a fraction of the original."""
    shares = {
        False: ((0.75, 1.0, 1.0), (1.0, 0.75, 1.0), (1.0, 1.0, 0.75), (0.5, 1.0, 1.0)),
        True: ((0.5, 1.0, 1.0), (0.5, 1.0, 0.5), (0.25, 1.0, 1.0), (0.25, 0.5, 0.5), (1 / 6, 1.0, 1.0)),
    }
    made = [
        Pruned(max(1, round(blocks * outline.blocks)), max(1, round(heads * outline.heads)), share, distilled, outline)
        for distilled, variants in shares.items()
        for blocks, heads, share in variants
    ]
    everything = (outline.blocks, outline.heads, 1.0)
    return [variant for variant in dict.fromkeys(made) if variant.kept != everything]


TECHNIQUES: Final[Mapping[str, Callable[[Outline], list[Technique]]]] = {
    "whole": _whole,
    "static": _static,
    "pruned": _pruned,
}
"""Each technique by name, with what makes its variants for an encoder of a given outline, the milder ones first."""


def techniques(outline: Outline) -> list[Technique]:
    """Returns the variants of every technique for an encoder of `outline`."""
    return [variant for make in TECHNIQUES.values() for variant in make(outline)]
