"""What `doctor` finds, each line with what to do."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tradewind.flows.doctor import examine, machine, parts


def test_every_finding_that_is_not_fine_says_what_to_do(tmp_path: Path) -> None:
    findings = list(examine(0, tmp_path))
    assert {"cores", "memory", "instruction sets", "port", "extra learn"} <= {finding.name for finding in findings}
    assert all(finding.remedy for finding in findings if finding.state != "ok")


def test_a_busy_port_is_named_with_another_to_take() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = next(finding for finding in machine.findings(port, Path()) if finding.name == "port")
    assert found.state == "warn"
    assert str(port) in found.detail
    assert str(port + 1) in found.remedy


def test_a_cuda_build_without_a_gpu_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(parts, "_has_gpu", lambda: False)
    found = next(finding for finding in parts.findings() if finding.name == "torch build")
    assert found.state == "warn"
    assert "TORCH_INDEX" in found.remedy


def test_an_extra_that_is_not_there_comes_with_its_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts.importlib.util, "find_spec", lambda name: None)
    found = {finding.name: finding for finding in parts.findings()}
    assert found["extra learn"].state == "missing"
    assert found["extra learn"].remedy == "pip install 'tradewind[learn]'"
