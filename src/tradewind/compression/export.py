"""Turns a checkpoint into the folder that `runtime/` serves: `model.onnx`, `tokenizer.json`, `encoder.json`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save_file

from tradewind.compression.bert import BertGraph, longest_text, plain_names
from tradewind.compression.calibrated import CalibratedLinear, folded
from tradewind.compression.calibration import calibrate
from tradewind.compression.linear import FloatLinear, IntegerLinear
from tradewind.compression.portable import PortableLinear
from tradewind.errors import ModelError
from tradewind.models.checkpoint import TOKENIZER_FILE, EncoderWeights, read_weights
from tradewind.runtime.bundle import HEAD_FILE, LABELS_FILE, MODEL_FILE, EncoderFacts, Precision, Runtime
from tradewind.runtime.role_map import TOGETHER_FILE
from tradewind.runtime.tokens import TextTokens

FEWEST_CALIBRATION: Final = 20
RUNS: Final[Mapping[Runtime, frozenset[Precision]]] = {
    "onnx": frozenset({"fp32", "int8", "int8-static"}),
    "openvino": frozenset({"fp32", "int8-static"}),
}
"""What each runtime can be given. OpenVINO multiplies dynamic int8 in floats, and lets a text depend on its batch."""


def export_encoder(
    checkpoint: Path,
    out: Path,
    prefixes: Mapping[str, str],
    max_tokens: int = 64,
    precision: Precision = "int8",
    calibration: Sequence[str] = (),
    runtime: Runtime = "onnx",
) -> Path:
    """Writes the encoder in the Hugging Face folder `checkpoint` as a bundle into `out`, and returns `out`.

    `prefixes` are those of the roles query, passage and together; texts are cut at `max_tokens`, special tokens
    included. `int8-static` needs texts for `calibration`, 20 or more, like those it will be asked about.
    The same checkpoint and texts always give the same bytes.
    Raises ModelError when the checkpoint's architecture cannot be exported, a part is missing, the texts are too few,
    or the `runtime` is not one that runs graphs of this precision.
    """
    if runtime not in RUNS or precision not in RUNS[runtime]:
        known = "; ".join(f"{name} runs {', '.join(sorted(runs))}" for name, runs in RUNS.items())
        raise ModelError(f"a graph in {precision} is not written for {runtime}", hint=known)
    weights = read_weights(checkpoint)
    longest = longest_text(weights.config)
    if max_tokens > longest:
        raise ModelError(f"texts of {max_tokens} tokens are longer than the model's {longest}", where=str(checkpoint))
    out.mkdir(parents=True, exist_ok=True)
    if precision == "int8-static":
        if len(calibration) < FEWEST_CALIBRATION:
            what = f"{len(calibration)} texts are too few to calibrate by"
            raise ModelError(what, hint=f"give {FEWEST_CALIBRATION}")
        tokens = TextTokens(checkpoint / TOKENIZER_FILE, max_tokens)
        # A text counts in every role: a prefix is read by all layers too.
        roles = [ids for prefix in dict.fromkeys(prefixes.values()) for ids in tokens.ids(calibration, prefix)]
        _static_graph(weights, roles, runtime).save(out / MODEL_FILE)
    else:
        linear = IntegerLinear() if precision == "int8" else FloatLinear()
        BertGraph(weights.tensors, weights.config, linear).save(out / MODEL_FILE)
    shutil.copyfile(checkpoint / TOKENIZER_FILE, out / TOKENIZER_FILE)
    if (checkpoint / TOGETHER_FILE).is_file():
        shutil.copyfile(checkpoint / TOGETHER_FILE, out / TOGETHER_FILE)
    facts = EncoderFacts(
        dimension=int(weights.config["hidden_size"]),
        max_tokens=max_tokens,
        runtime=runtime,
        precision=precision,
        prefixes=dict(prefixes),
    )
    facts.write(out)
    return out


def cut_bundle(bundle: Path, dimension: int) -> None:
    """Makes the encoder in `bundle` give the first `dimension` numbers of each vector, at length 1 again.

    Raises ModelError when its vectors are not longer than that.
    """
    facts = EncoderFacts.read(bundle)
    if not 1 <= dimension <= facts.whole:
        raise ModelError(f"vectors of {facts.whole} numbers cannot be cut to {dimension}", where=str(bundle))
    facts.model_copy(update={"dimension": dimension, "width": facts.whole}).write(bundle)


def _static_graph(weights: EncoderWeights, tokens: Sequence[Sequence[int]], runtime: Runtime) -> BertGraph:
    layers = int(weights.config["num_hidden_layers"])
    tensors, calibration = folded(plain_names(weights.tensors), calibrate(weights, tokens), layers)
    linear = PortableLinear(calibration) if runtime == "openvino" else CalibratedLinear(calibration)
    return BertGraph(tensors, weights.config, linear)


def export_classifier(encoder: Path, out: Path, labels: Sequence[str], weight: np.ndarray, bias: np.ndarray) -> Path:
    """Writes a classifier bundle into `out`, and returns `out`: a copy of the `encoder` bundle and a linear head.

    The head reads the unit vector of a text in the role passage: `weight` is (labels, dimension), `bias` (labels,).
    Raises ModelError when the shapes do not fit.
    """
    dimension = EncoderFacts.read(encoder).dimension
    if weight.shape != (len(labels), dimension) or bias.shape != (len(labels),):
        raise ModelError(
            f"a head of {weight.shape} and {bias.shape} does not give {len(labels)} labels from {dimension} numbers"
        )
    shutil.copytree(encoder, out, dirs_exist_ok=True)
    head = {"weight": np.asarray(weight, np.float32), "bias": np.asarray(bias, np.float32)}
    save_file({name: np.ascontiguousarray(part) for name, part in head.items()}, out / HEAD_FILE)
    (out / HEAD_FILE).chmod(0o644)
    (out / LABELS_FILE).write_text(json.dumps(list(labels), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    return out
