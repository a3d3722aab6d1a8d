"""Tells a tracker of experiments what runs do: figures and settings, and never a text or an address.

TensorBoard's event files are always written beside a run; a tracker comes on top, by `learn.tracking`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from tradewind import plugins
from tradewind.settings import Shop
from tradewind.telemetry import Progress
from tradewind.training.watching import Start, Watcher, watched_by

if TYPE_CHECKING:
    from tradewind.training.trainer import Curves

Setting = str | int | float | bool
NO_SETTINGS: Final[Mapping[str, Setting]] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tracker keeps its runs: in `folder`, or where `address` leads."""

    project: str
    folder: Path
    address: str | None


class Tracker(Protocol):
    """Keeps runs. Registered under `tradewind.trackers`; what it raises after it was made ends the tracking only."""

    def __init__(self, place: Place) -> None:
        """Raises MissingExtraError when its library is not installed."""

    def begin(self, name: str, settings: Mapping[str, Setting]) -> None:
        """Opens a run."""

    def log(self, figures: Mapping[str, float], step: int) -> None:
        """Takes figures of one step of the open run."""

    def end(self, figures: Mapping[str, float], *, whole: bool) -> None:
        """Closes the run with its last figures; `whole` says whether it went to its end."""


class Tracked(Watcher):
    """Hands a tracker what it sees, one run for every `fit`; when the tracker fails, says so once and goes on."""

    def __init__(self, tracker: Tracker | None, name: str, settings: Mapping[str, Setting], progress: Progress) -> None:
        self._tracker = tracker
        self._name = name
        self._settings = settings
        self._progress = progress
        self._open = False
        self._watched = ""
        self._figures: dict[str, float] = {}

    def started(self, run: Start) -> None:
        self.close()
        self._open = True
        self._watched = run.watched
        told = dict(self._settings) | {"watched": run.watched} | flattened(asdict(run.plan), "plan.")
        self._try(lambda tracker: tracker.begin(self._name, told))

    def learned(self, step: int, loss: float, rate: float) -> None:
        self._try(lambda tracker: tracker.log({"loss": loss, "learning rate": rate}, step))

    def validated(self, step: int, value: float) -> None:
        self._try(lambda tracker: tracker.log({self._watched: value}, step))

    def ended(self, curves: Curves) -> None:
        best = dict(curves.validation).get(curves.best_step)
        self.final({"steps": float(curves.last_step), "weights of step": float(curves.best_step)})
        self.final({} if best is None else {f"best {self._watched}": best})

    def final(self, figures: Mapping[str, float]) -> None:
        """Adds figures to those that the open run is closed with."""
        self._figures |= figures

    def close(self, *, whole: bool = True) -> None:
        """Closes the open run, if there is one."""
        figures, self._figures = self._figures, {}
        if self._open:
            self._open = False
            self._try(lambda tracker: tracker.end(figures, whole=whole))

    def _try(self, told: Callable[[Tracker], None]) -> None:
        if self._tracker is None:
            return
        try:
            told(self._tracker)
        # A tracker may be a server that is down or a disk that is full: hours of learning are worth more.
        except Exception as error:
            self._tracker = None
            said = (str(error).splitlines() or [""])[0]
            self._progress.note(f"      tracking stopped, the run goes on ({type(error).__name__}: {said})")


@contextmanager
def tracked(
    shop: Shop, name: str, progress: Progress, settings: Mapping[str, Setting] = NO_SETTINGS
) -> Iterator[Tracked]:
    """Tracks every run inside the block as shop.yaml asks; yields what takes a run's last figures.

    Raises ConfigError naming the trackers that there are, MissingExtraError when the one's library is not installed.
    """
    run = Tracked(_tracker(shop), name, settings, progress)
    try:
        with watched_by(run):
            yield run
    except BaseException:
        run.close(whole=False)
        raise
    run.close()


def flattened(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Setting]:
    """Returns nested settings under dotted names; what is neither a word, a number nor a truth is left out."""
    found: dict[str, Setting] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= flattened(value, f"{prefix}{name}.")
        elif isinstance(value, str | int | float):
            found[f"{prefix}{name}"] = value
    return found


def _tracker(shop: Shop) -> Tracker | None:
    learn = shop.settings.learn
    if learn.tracking == "none":
        return None
    kind: type[Tracker] = plugins.load("trackers", learn.tracking)
    return kind(Place(shop.settings.shop, shop.work / "tracking", learn.tracking_address))
