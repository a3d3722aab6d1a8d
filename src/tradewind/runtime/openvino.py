"""Encodes text with OpenVINO, for processors on which it is faster than ONNX Runtime; an extra of its own.

It reads the same bundle. Bits are the same alone and in any batch where the graph's scales were known beforehand, so
only `fp32` and `int8-static` graphs of compression/portable.py are written for it (docs/adr/0016).
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from tradewind.errors import ArtefactError, MissingExtraError
from tradewind.runtime.bundle import MODEL_FILE
from tradewind.runtime.encoder import LengthBatchedEncoder


class OpenVinoEncoder(LengthBatchedEncoder):
    """An exported encoder that OpenVINO runs: one compiled model, and a request of its own for every thread.

    Raises MissingExtraError when OpenVINO is not installed, ArtefactError when it cannot read the model.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        super().__init__(folder)
        self._compiled = _compiled(folder / MODEL_FILE, threads)
        self._own = threading.local()

    def _graph(self, ids: np.ndarray) -> np.ndarray:
        request = getattr(self._own, "request", None)
        if request is None:
            request = self._own.request = self._compiled.create_infer_request()
        # The request writes its next answer where this one lies.
        return np.array(request.infer({0: ids})[0], np.float32)


def _compiled(model: Path, threads: int) -> Any:
    try:
        import openvino
    except ImportError:
        raise MissingExtraError("OpenVINO, which this encoder runs on,", "openvino") from None
    # Half precision would be taken where the processor has it, and give other vectors there.
    how = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    try:
        return openvino.Core().compile_model(str(model), "CPU", how | {"ENABLE_CPU_PINNING": False})
    except Exception as error:
        said = str(error).strip().splitlines()
        raise ArtefactError(f"OpenVINO cannot run it: {said[-1] if said else error}", where=str(model)) from None
