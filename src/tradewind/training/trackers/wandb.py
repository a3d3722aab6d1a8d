"""Weights & Biases: offline runs in a folder of the shop, or online where an address is given."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from tradewind.errors import MissingExtraError
from tradewind.training.tracking import Place, Setting


class WandbTracker:
    """One W&B run for every run. Without an address nothing leaves the machine; `wandb sync` sends a run later."""

    def __init__(self, place: Place) -> None:
        try:
            self._wandb: Any = importlib.import_module("wandb")
        except ImportError:
            raise MissingExtraError("wandb", "wandb") from None
        place.folder.mkdir(parents=True, exist_ok=True)
        self._place = place
        self._run: Any = None

    def begin(self, name: str, settings: Mapping[str, Setting]) -> None:
        """Opens a run and writes its settings."""
        self._run = self._wandb.init(
            project=self._place.project,
            name=name,
            dir=str(self._place.folder),
            mode="online" if self._place.address else "offline",
            config=dict(settings),
            reinit="finish_previous",
            settings=self._quiet(),
        )

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Takes figures of one step."""
        self._run.log(dict(figures), step=step)

    def end(self, figures: Mapping[str, float], *, whole: bool) -> None:
        """Writes the last figures into the summary and closes the run."""
        self._run.summary.update(dict(figures))
        self._run.finish(exit_code=0 if whole else 1)

    def _quiet(self) -> Any:
        """Neither what is printed nor the program, its repository or the machine belongs to a run's figures."""
        told = {"base_url": self._place.address} if self._place.address else {}
        return self._wandb.Settings(
            console="off",
            disable_code=True,
            disable_git=True,
            host="-",
            login_timeout=20,
            save_code=False,
            silent=True,
            x_disable_machine_info=True,
            x_disable_meta=True,
            x_disable_stats=True,
            **told,
        )
