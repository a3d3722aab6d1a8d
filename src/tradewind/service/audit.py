"""Who had what done in bulk: one JSON line an act, appended to a file of the shop's own. No text is ever in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from tradewind.data.store.jobs import Job
from tradewind.telemetry import logger

FILE_NAME: Final = "audit.jsonl"


@dataclass(frozen=True, slots=True)
class Audit:
    """The audit file at `path`. Several processes may append: a line is one write."""

    path: Path

    def note(self, act: str, job: Job) -> None:
        """Appends what became of a job. A disk that does not take it stops nothing; the log says so."""
        line = orjson.dumps(
            {
                "time": datetime.now(UTC).isoformat(),
                "act": f"job {act}",
                "key": job.owner,
                "job": job.id,
                "estimator": job.estimator,
                "texts": job.total,
                "answered": job.done - job.errors,
                "errors": job.errors,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(handle, line)
            finally:
                os.close(handle)
        except OSError as error:
            logger.error("the audit file did not take a line: %s", error.strerror or type(error).__name__)
