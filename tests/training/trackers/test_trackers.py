"""The trackers' own libraries keep a run on this machine, without a network and without a word of the shop's texts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tradewind.errors import MissingExtraError
from tradewind.training.trackers.mlflow import FILE, MlflowTracker
from tradewind.training.trackers.wandb import WandbTracker
from tradewind.training.tracking import Place, Tracker


def track(tracker: Tracker) -> None:
    tracker.begin("section", {"plan.learning_rate": 0.05, "method": "lora"})
    for step in (1, 2):
        tracker.log({"loss": 1.0 / step, "recall@10": 0.5}, step)
    tracker.end({"tuned/accuracy": 0.7}, whole=True)


@pytest.mark.slow
def test_mlflow_keeps_runs_in_a_file_and_reads_them_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    track(MlflowTracker(Place("tiny", tmp_path / "tracking", None)))
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'tracking' / FILE}")
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params == {"plan.learning_rate": "0.05", "method": "lora"}
    assert run.data.metrics["tuned/accuracy"] == 0.7
    assert [one.value for one in client.get_metric_history(run.info.run_id, "loss")] == [1.0, 0.5]
    assert "recall_10" in run.data.metrics
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tracking"]


def test_wandb_writes_an_offline_run(tmp_path: Path) -> None:
    tracker = WandbTracker(Place("tiny", tmp_path, None))
    track(tracker)
    track(tracker)
    runs = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert len(runs) == 2
    (file,) = runs[0].glob("*.wandb")
    written = file.read_bytes()
    assert b"tuned/accuracy" in written
    assert b"plan.learning_rate" in written


@pytest.mark.parametrize(("kind", "library"), [(MlflowTracker, "mlflow"), (WandbTracker, "wandb")])
def test_a_missing_library_is_named_with_what_to_install(
    kind: type[Tracker], library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"tradewind\[{library}\]"):
        kind(Place("tiny", tmp_path, None))
