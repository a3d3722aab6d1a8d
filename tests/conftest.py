"""What every test shares: threads that do not fight, and the rule that under CI nothing skips in silence."""

from __future__ import annotations

import os
import shutil

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest

SHARED_DATA = "shared data"
"""A skip whose reason starts with these words is right even under CI: the folder is not part of the project."""


def _lacks(item: pytest.Item) -> str | None:
    """Says which part of the machine a marked test lacks, or None when all is there."""
    if item.get_closest_marker("browser") and not shutil.which("chromium"):
        return "needs Debian's chromium: apt-get install chromium"
    if item.get_closest_marker("root") and os.geteuid() != 0:
        return "needs root"
    return None


def pytest_runtest_setup(item: pytest.Item) -> None:
    lack = _lacks(item)
    if lack:
        pytest.skip(lack)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if SHARED_DATA not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped under CI: {reason}"
    return report
