"""Opens ONNX Runtime sessions the way every model here is run: on a fixed number of threads that never spin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnxruntime

from tradewind.errors import ArtefactError

ERRORS_ONLY = 3


def open_session(model: Path, threads: int) -> Any:
    """Returns an `onnxruntime.InferenceSession` of `model`; several threads may run it at once.

    Raises ArtefactError when the file is missing or is not a model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    # Texts come in many lengths: plans of memory for every shape would only pile up.
    options.enable_mem_pattern = False
    # The graphs are written with the fused operators that pay; the wider passes put in ones that are slower here.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ArtefactError(f"not a model that can be run: {_first_line(error)}", where=str(model)) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
