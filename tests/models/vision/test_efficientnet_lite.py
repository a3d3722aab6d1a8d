"""The backbone has the published shape, pads as TensorFlow does, and runs in two halves as in one piece."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tradewind.models.vision.efficientnet_lite import EfficientNetLite, SameConv, rename_original


def test_lite0_has_as_many_parameters_as_published() -> None:
    backbone = EfficientNetLite()
    # 4.65 million with the ImageNet head of 1280 × 1000 + 1000.
    assert sum(parameter.numel() for parameter in backbone.parameters()) == 4_652_008 - 1_281_000
    assert backbone.depth == 16


@pytest.mark.parametrize(("side", "kernel", "stride"), [(8, 3, 2), (9, 3, 2), (7, 5, 2), (8, 5, 1), (5, 3, 1)])
def test_same_padding_gives_the_ceiling_and_puts_the_odd_pixel_last(side: int, kernel: int, stride: int) -> None:
    conv = SameConv(1, 1, kernel, stride, bias=False)
    nn.init.ones_(conv.weight)
    line = torch.ones(1, 1, side, side)
    found = conv(line)
    assert found.shape[-1] == -(-side // stride)
    whole = max((found.shape[-1] - 1) * stride + kernel - side, 0)
    first = kernel - whole // 2
    assert found[0, 0, 0, 0] == first * first


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_both_halves_together_are_the_whole(cut: int, small: EfficientNetLite) -> None:
    pixels = torch.randn(2, 3, 20, 20)
    with torch.no_grad():
        whole = small.above(pixels, 0)
        assert torch.allclose(small.above(small.below(pixels, cut), cut), whole, atol=1e-6)
    assert whole.shape == (2, small.dimension)


def test_the_names_below_a_cut_are_what_runs_below_it(small: EfficientNetLite) -> None:
    assert small.names_below(0) == ()
    assert small.names_below(2) == ("stem", "stem_norm", "blocks.0", "blocks.1")


def test_the_originals_names_are_all_renamed() -> None:
    ours = EfficientNetLite().state_dict()
    theirs = {}
    for name, tensor in ours.items():
        place = name.replace("blocks.", "_blocks.")
        for mine, original in (
            (".expand_norm.", "._bn0."), (".filter_norm.", "._bn1."), (".project_norm.", "._bn2."),
            (".expand.", "._expand_conv."), (".filter.", "._depthwise_conv."), (".project.", "._project_conv."),
        ):  # fmt: skip
            place = place.replace(mine, original)
        for mine, original in (
            ("stem_norm.", "_bn0."),
            ("stem.", "_conv_stem."),
            ("top_norm.", "_bn1."),
            ("top.", "_conv_head."),
        ):
            place = original + place.removeprefix(mine) if place.startswith(mine) else place
        theirs[place] = tensor
    theirs["_fc.weight"] = torch.zeros(1000, 1280)
    assert rename_original(theirs).keys() == ours.keys()
