"""What the frozen blocks make of the views of each picture: computed once, read in every epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.models.vision.pretrained import Backbone
from tradewind.runtime.vision import PictureInput, to_pixels
from tradewind.telemetry import Progress
from tradewind.training.recognise.views import Augmentation, mirrored, view

if TYPE_CHECKING:
    from PIL.Image import Image

BATCH: Final = 16
States = npt.NDArray[np.float16]
Pixels = npt.NDArray[np.float32]


class ViewBank:
    """The states below block `cut` of every picture: its plain view, the mirrored one, then `views` random ones.

    Kept as float16 in memory: a view of a picture is 88 KB at the middle of EfficientNet-Lite0.
    """

    def __init__(self, backbone: Backbone, shape: PictureInput, cut: int) -> None:
        self.backbone = backbone
        self.shape = shape
        self.cut = cut

    def plain(self, pictures: Sequence[Image], progress: Progress) -> States:
        """Returns (pictures, 2, ...): plain and mirrored."""
        progress.start("looking at pictures", 2 * len(pictures))
        straight = self._states(pictures, lambda picture: to_pixels(picture, self.shape), progress)
        back = self._states(pictures, lambda picture: to_pixels(mirrored(picture), self.shape), progress)
        return np.stack([straight, back], axis=1)

    def augmented(
        self, pictures: Sequence[Image], views: int, augmentation: Augmentation, seed: int, progress: Progress
    ) -> States:
        """Returns (pictures, 2 + views, ...): plain, mirrored, and random views drawn by `seed`."""
        random = np.random.default_rng(seed)
        kinds = [self.plain(pictures, progress)]
        progress.start("looking at views", views * len(pictures))
        for _ in range(views):
            states = self._states(pictures, lambda picture: view(picture, self.shape, augmentation, random), progress)
            kinds.append(states[:, None])
        return np.concatenate(kinds, axis=1)

    @torch.no_grad()
    def _states(self, pictures: Sequence[Image], pixels: Callable[[Image], Pixels], progress: Progress) -> States:
        found = []
        for start in range(0, len(pictures), BATCH):
            batch = np.stack([pixels(picture) for picture in pictures[start : start + BATCH]])
            found.append(self.backbone.below(torch.from_numpy(batch), self.cut).numpy().astype(np.float16))
            progress.advance(len(batch))
        return np.concatenate(found)


class ViewBatches:
    """The batches of a run in their order: pictures in a new order every epoch, each as one of its views."""

    def __init__(self, states: States, targets: npt.NDArray[np.int64], count: int, size: int, seed: int) -> None:
        self._states = states
        self._targets = targets
        random = np.random.default_rng(seed)
        size = min(size, len(targets))
        epochs = -(-count * size // max(1, len(targets) // size * size))
        orders = [random.permutation(len(targets))[: len(targets) // size * size] for _ in range(epochs)]
        self._rows = np.concatenate(orders).reshape(-1, size)[:count]
        self._views = random.integers(0, states.shape[1], self._rows.shape)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> dict[str, torch.Tensor]:
        rows = self._rows[place]
        states = self._states[rows, self._views[place]].astype(np.float32)
        return {"states": torch.from_numpy(states), "target": torch.from_numpy(self._targets[rows])}
