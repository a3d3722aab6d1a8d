"""EfficientNet-Lite0 (Tan and Le, "EfficientNet", ICML 2019; the Lite variant leaves squeeze-and-excitation out)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn
from torch.nn.functional import conv2d, pad, relu6

DIMENSION: Final = 1280
_STEM_WIDTH: Final = 32


@dataclass(frozen=True, slots=True)
class Stage:
    """`repeats` blocks in a row, the first with the stage's stride; `expansion` multiplies the width inside."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    width: int


LITE0: Final = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class SameConv(nn.Conv2d):
    """A convolution that pads as TensorFlow's "SAME" does: the output has ceil(side / stride), the odd pixel goes
    below and to the right."""

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Returns (n, out channels, ceil(h / stride), ceil(w / stride))."""
        margins: list[int] = []
        for side, kernel, stride in zip(
            (states.shape[3], states.shape[2]), reversed(self.kernel_size), reversed(self.stride), strict=True
        ):
            whole = max((math.ceil(side / stride) - 1) * stride + kernel - side, 0)
            margins += [whole // 2, whole - whole // 2]
        return conv2d(pad(states, margins), self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


def _normalised(width: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, eps=1e-3, momentum=0.01)


class InvertedResidual(nn.Module):
    """Expands, filters each channel by itself, projects back; adds its input where the shapes agree."""

    def __init__(self, width_in: int, stage: Stage, stride: int) -> None:
        super().__init__()
        inner = width_in * stage.expansion
        self.expand = SameConv(width_in, inner, 1, bias=False) if stage.expansion > 1 else None
        self.expand_norm = _normalised(inner) if stage.expansion > 1 else None
        self.filter = SameConv(inner, inner, stage.kernel, stride, groups=inner, bias=False)
        self.filter_norm = _normalised(inner)
        self.project = SameConv(inner, stage.width, 1, bias=False)
        self.project_norm = _normalised(stage.width)
        self.adds = stride == 1 and width_in == stage.width

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Returns (n, stage width, h / stride, w / stride)."""
        inner = states
        if self.expand is not None and self.expand_norm is not None:
            inner = relu6(self.expand_norm(self.expand(inner)))
        inner = relu6(self.filter_norm(self.filter(inner)))
        out: torch.Tensor = self.project_norm(self.project(inner))
        return states + out if self.adds else out


class EfficientNetLite(nn.Module):
    """The backbone without its ImageNet head. It can be run in two halves, so that frozen blocks are run once."""

    dimension = DIMENSION

    def __init__(self, stages: tuple[Stage, ...] = LITE0) -> None:
        super().__init__()
        self.stages = stages
        self.stem = SameConv(3, _STEM_WIDTH, 3, 2, bias=False)
        self.stem_norm = _normalised(_STEM_WIDTH)
        blocks, width = [], _STEM_WIDTH
        for stage in stages:
            for place in range(stage.repeats):
                blocks.append(InvertedResidual(width, stage, stage.stride if place == 0 else 1))
                width = stage.width
        self.blocks = nn.ModuleList(blocks)
        self.top = SameConv(width, DIMENSION, 1, bias=False)
        self.top_norm = _normalised(DIMENSION)

    @property
    def depth(self) -> int:
        """How many blocks there are."""
        return len(self.blocks)

    def below(self, pixels: torch.Tensor, cut: int) -> torch.Tensor:
        """Returns the states that block `cut` reads: (n, channels, h, w); `pixels` themselves for 0."""
        if cut == 0:
            return pixels
        states = relu6(self.stem_norm(self.stem(pixels)))
        for block in self.blocks[:cut]:
            states = block(states)
        return states

    def above(self, states: torch.Tensor, cut: int) -> torch.Tensor:
        """Returns features (n, 1280) of what `below` gave for the same `cut`."""
        if cut == 0:
            states = relu6(self.stem_norm(self.stem(states)))
        for block in self.blocks[cut:]:
            states = block(states)
        return relu6(self.top_norm(self.top(states))).mean(dim=(2, 3))

    def names_below(self, cut: int) -> tuple[str, ...]:
        """Returns the names of the modules that `below` runs for `cut`."""
        return ("stem", "stem_norm", *(f"blocks.{place}" for place in range(cut))) if cut else ()


def rename_original(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Returns the backbone's tensors by the names used here, given the original file's; its ImageNet head is left."""
    renamed = {_renamed(name): tensor for name, tensor in tensors.items() if not name.startswith("_fc.")}
    return {name: tensor.contiguous() for name, tensor in renamed.items()}


def _renamed(name: str) -> str:
    """The first block expands nothing, so that its norms count from 1 in the original too."""
    for theirs, ours in (
        (r"^_conv_stem\.", "stem."),
        (r"^_bn0\.", "stem_norm."),
        (r"^_conv_head\.", "top."),
        (r"^_bn1\.", "top_norm."),
        (r"^_blocks\.", "blocks."),
        (r"\._expand_conv\.", ".expand."),
        (r"\._bn0\.", ".expand_norm."),
        (r"\._depthwise_conv\.", ".filter."),
        (r"\._bn1\.", ".filter_norm."),
        (r"\._project_conv\.", ".project."),
        (r"\._bn2\.", ".project_norm."),
    ):
        name = re.sub(theirs, ours, name)
    return name
