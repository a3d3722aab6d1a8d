"""What the ledger remembers of a training run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tradewind.flows.step import Outputs

if TYPE_CHECKING:
    from tradewind.training.result import TrainResult


def learned(result: TrainResult) -> Outputs:
    """Returns the run's folder, its tables and claims, and where its report lies."""
    return {
        "folder": str(result.folder),
        "metrics": result.metrics,
        "tables": [asdict(table) for table in result.tables],
        "claims": [claim.as_json() for claim in result.claims],
        "report": str(result.report),
    }
