"""A random EfficientNet-Lite0: its real shape, none of its knowledge."""

from __future__ import annotations

import pytest
import torch

from tradewind.models.vision.efficientnet_lite import EfficientNetLite, Stage


@pytest.fixture
def small() -> EfficientNetLite:
    """Two blocks, one of which adds its input."""
    torch.manual_seed(0)
    return EfficientNetLite((Stage(1, 3, 2, 1, 8), Stage(2, 5, 1, 2, 8))).eval()
