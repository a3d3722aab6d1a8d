"""MLflow: runs in a SQLite file of the shop, or at any tracking URI."""

from __future__ import annotations

import importlib
import os
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from tradewind.errors import MissingExtraError
from tradewind.training.tracking import Place, Setting

FILE: Final = "mlflow.db"
_AT_ONCE: Final = 500
"""Figures that are written together: a transaction each would take longer than a step."""
_LONGEST: Final = 500


class MlflowTracker:
    """One MLflow run for every run, in the experiment named after the shop."""

    def __init__(self, place: Place) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        try:
            self._mlflow: Any = importlib.import_module("mlflow.entities")
            tracking = importlib.import_module("mlflow.tracking")
        except ImportError:
            raise MissingExtraError("mlflow", "mlflow") from None
        place.folder.mkdir(parents=True, exist_ok=True)
        self._place = place
        self._client: Any = tracking.MlflowClient(place.address or f"sqlite:///{place.folder / FILE}")
        self._run = ""
        self._waiting: list[Any] = []

    def begin(self, name: str, settings: Mapping[str, Setting]) -> None:
        """Opens a run and writes its settings."""
        run = self._client.create_run(self._experiment(), run_name=name)
        self._run, self._waiting = run.info.run_id, []
        told = [self._mlflow.Param(_name(key), str(value)[:_LONGEST]) for key, value in settings.items()]
        self._client.log_batch(self._run, params=told)

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Takes figures, and writes them when many wait."""
        now = int(time.time() * 1000)
        self._waiting += [self._mlflow.Metric(_name(key), value, now, step) for key, value in figures.items()]
        if len(self._waiting) >= _AT_ONCE:
            self._write()

    def end(self, figures: Mapping[str, float], *, whole: bool) -> None:
        """Writes what waits and the last figures, and closes the run as finished or failed."""
        self.log(figures, 0)
        self._write()
        self._client.set_terminated(self._run, "FINISHED" if whole else "FAILED")

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._client.log_batch(self._run, metrics=waiting)

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(self._place.project)
        if found:
            return str(found.experiment_id)
        # Nothing but figures is sent; a local server would else make a folder for files where it was started.
        kept = None if self._place.address else (self._place.folder / "files").as_uri()
        return str(self._client.create_experiment(self._place.project, artifact_location=kept))


def _name(word: str) -> str:
    """MLflow takes letters, digits and a few signs."""
    return re.sub(r"[^\w\-. :/]", "_", word)
