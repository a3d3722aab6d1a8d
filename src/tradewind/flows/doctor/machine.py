"""Findings about the machine itself: cores, memory, instruction sets, disk and the port."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tradewind.flows.doctor.examination import Finding

MEMORY_WANTED: Final = 6.0
"""GB that the whole way through the grocer may take."""

DISK_WANTED: Final = 5.0
"""GB for weights, snapshots, checkpoints and artefacts of the grocer."""

FAST_FLAGS: Final = {
    "avx2": "int8",
    "avx512_vnni": "int8 about twice as fast",
    "avx_vnni": "int8 about twice as fast",
    "avx512_bf16": "bf16 training",
    "amx_bf16": "bf16 training",
    "amx_int8": "int8 several times as fast",
}


def findings(port: int, folder: Path) -> Iterator[Finding]:
    """Yields what the machine has and lacks."""
    yield _python()
    yield _cores()
    yield _memory()
    yield _instructions()
    yield _disk(folder)
    yield _port(port)


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", "ok", version)


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0))
    if cores >= 2:
        return Finding("cores", "ok", f"{cores}")
    return Finding("cores", "warn", "1", "training takes about twice as long as on two cores")


def _memory() -> Finding:
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    if gigabytes >= MEMORY_WANTED:
        return Finding("memory", "ok", f"{gigabytes:.1f} GB")
    remedy = f"the grocer at full scale wants {MEMORY_WANTED:.0f} GB; start with examples/bilingual"
    return Finding("memory", "warn", f"{gigabytes:.1f} GB", remedy)


def _instructions() -> Finding:
    flags = _processor_flags()
    found = [name for name in FAST_FLAGS if name in flags]
    detail = ", ".join(f"{name} ({FAST_FLAGS[name]})" for name in found) or "none of those that matter"
    if "avx2" in flags or os.uname().machine != "x86_64":
        return Finding("instruction sets", "ok", detail)
    return Finding("instruction sets", "warn", detail, "without AVX2 int8 brings no speed: use precision fp32")


def _processor_flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    lines = [line for line in text.splitlines() if line.startswith(("flags", "Features"))]
    return set(lines[0].split(":", 1)[1].split()) if lines else set()


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder if folder.exists() else Path.cwd()).free / 1e9
    if free >= DISK_WANTED:
        return Finding("disk", "ok", f"{free:.0f} GB free")
    return Finding("disk", "warn", f"{free:.1f} GB free", f"the grocer wants {DISK_WANTED:.0f} GB")


def _port(port: int) -> Finding:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            remedy = f"stop what listens there, or serve with --port {port + 1}"
            return Finding("port", "warn", f"{port} is taken", remedy)
    return Finding("port", "ok", f"{port} is free")
