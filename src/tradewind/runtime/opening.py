"""Opens an encoder's bundle with whatever its facts say it runs on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tradewind.runtime.bundle import EncoderFacts, Role
from tradewind.runtime.encoder import OnnxEncoder, TextEncoder
from tradewind.runtime.static_encoder import StaticEncoder
from tradewind.telemetry import Progress, SilentProgress


def open_encoder(folder: Path, threads: int = 1) -> TextEncoder:
    """Returns the encoder in the bundle `folder`; each of its runs takes `threads` threads of the processor.

    Raises ArtefactError when the bundle is broken, MissingExtraError when what it runs on is not installed.
    """
    runtime = EncoderFacts.read(folder).runtime
    if runtime == "openvino":
        from tradewind.runtime.openvino import OpenVinoEncoder

        return OpenVinoEncoder(folder, threads)
    if runtime == "static":
        return StaticEncoder(folder, threads)
    return OnnxEncoder(folder, threads)


def encode_distinct(
    folder: Path, texts: Sequence[str], role: Role, workers: int = 2, progress: Progress | None = None
) -> np.ndarray:
    """Returns float32 (texts, dimension) like `encode`; identical texts are encoded once.

    `workers` threads share one session; `progress` is started with the number of distinct texts.
    """
    progress = progress or SilentProgress()
    row_of = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    progress.start("encode", len(row_of))
    vectors = open_encoder(folder).encode_each(list(row_of), role, workers, progress)
    if len(row_of) == len(texts):
        return vectors
    return vectors[np.fromiter((row_of[text] for text in texts), np.int64, len(texts))]
