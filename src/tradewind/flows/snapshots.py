"""The snapshot that a run of the flow stands on."""

from __future__ import annotations

from tradewind.data.snapshot import Snapshot
from tradewind.flows.step import Context


def snapshot_of(context: Context) -> Snapshot:
    """Returns the snapshot that the ingest step named. Raises DataError when it was altered or is gone."""
    return Snapshot.open(context.shop.snapshots / context.outputs["ingest"]["snapshot"])
