"""What the frozen blocks make of the views of each picture: computed once, read in every epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import torch

from tradewind.data.files import written_whole
from tradewind.models.vision.pretrained import Backbone
from tradewind.runtime.vision import PictureInput, to_pixels
from tradewind.telemetry import Progress
from tradewind.training.recognise.views import Augmentation, mirrored, view

if TYPE_CHECKING:
    from PIL.Image import Image

BATCH: Final = 16
States = npt.NDArray[np.float16]
Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Views:
    """How many random views are taken of each picture, how far they go, and the seed that draws them."""

    count: int
    augmentation: Augmentation
    seed: int


class ViewBank:
    """The states that block `cut` reads: of a picture as it is, and of its views.

    Kept as float16 in memory: 44 KB a view before block 11 of EfficientNet-Lite0, 31 KB before block 8.
    """

    def __init__(self, backbone: Backbone, shape: PictureInput, cut: int) -> None:
        self.backbone = backbone
        self.shape = shape
        self.cut = cut

    def straight(self, pictures: Sequence[Image], progress: Progress) -> States:
        """Returns (pictures, ...): as they are."""
        progress.start("looking at pictures", len(pictures))
        return self._states(pictures, lambda picture: to_pixels(picture, self.shape), progress)

    def augmented(
        self, pictures: Sequence[Image], views: Views, kept: Path, progress: Progress
    ) -> npt.NDArray[np.float16]:
        """Returns (pictures, 2 + views.count, ...): as they are, mirrored, and random views.

        Each view is kept as a file of the folder `kept` once it is whole, so that a run that was interrupted goes on.
        """
        makers = [
            lambda picture: to_pixels(picture, self.shape),
            lambda picture: to_pixels(mirrored(picture), self.shape),
        ]
        makers += [self._random_view(views, number) for number in range(views.count)]
        kept.mkdir(parents=True, exist_ok=True)
        progress.start("looking at views", len(makers) * len(pictures))
        return np.stack(
            [self._once(kept / f"{place}.npy", pictures, make, progress) for place, make in enumerate(makers)], axis=1
        )

    def _random_view(self, views: Views, number: int) -> Callable[[Image], Pixels]:
        random = np.random.default_rng([views.seed, number])
        return lambda picture: view(picture, self.shape, views.augmentation, random)

    def _once(
        self, path: Path, pictures: Sequence[Image], pixels: Callable[[Image], Pixels], progress: Progress
    ) -> States:
        if path.is_file():
            progress.advance(len(pictures))
            return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]
        states = self._states(pictures, pixels, progress)
        with written_whole(path) as file:
            np.save(file, states, allow_pickle=False)
        return states

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
