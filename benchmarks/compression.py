"""The encoder before and after compression: one short text on one thread, its size, and what it still finds.

    python benchmarks/compression.py [--data ../shared/data/icecat_chorus_en] [--pretrained package:e5] [--quick]

The peer is the same checkpoint run by torch in fp32. Ours is the int8 bundle that `tradewind up` would publish for it,
and the static student distilled from it. Times are the processor's, the encoders taking short turns, so that other work
on the machine falls on all alike. Quality is nDCG@10 with linear gain over judged products, only judged ones ranked;
the student learns from products that no query was judged with. Without the data nothing is said of quality.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import torch

from tradewind.compression.encoder import original_encoder
from tradewind.compression.export import export_encoder
from tradewind.compression.search.measuring import bundle_bytes
from tradewind.compression.static.student import StaticSettings, static_student
from tradewind.evaluation.claims import Claim
from tradewind.evaluation.significance import paired_bootstrap
from tradewind.models.checkpoint import TOKENIZER_FILE, WEIGHTS_FILE
from tradewind.models.pretrained import Checkpoint, resolve
from tradewind.runtime.bundle import Role, Runtime
from tradewind.runtime.opening import open_encoder
from tradewind.tasks.rank.judged import JudgedQuery, answerable, judged_queries
from tradewind.training.distil.settings import DistilSettings
from tradewind.training.match_examples import shop_words

ANSWERS = 2
TOKENS = 64
SHORT = ("whole milk", "usb cable 2m", "wireless mouse", "green tea bags", "laptop bag 15 inch", "dog food", "牛奶")
IN_TURN = 3
"""How often an encoder reads the short texts before the next one: a server's caches are not cleared by other models."""
Encode = Callable[[Sequence[str], Role], np.ndarray]


@dataclass(frozen=True)
class Size:
    """How much a run takes in: every so many-th query, rounds of short texts, and what the student learns from."""

    every: int
    rounds: int
    learned: int
    read_tokens: int
    steps: int


SIZES = {"full": Size(1, 15, 6000, 20_000, 1500), "quick": Size(12, 5, 150, 300, 60)}


@dataclass(frozen=True)
class Judged:
    """Products as the encoder reads them, by id, and the queries that some of them were judged for."""

    texts: dict[str, str]
    queries: tuple[JudgedQuery, ...]

    def ndcg(self, encode: Encode) -> np.ndarray:
        """Returns nDCG@10 of every query with an answer."""
        kept = [self.queries[place] for place in np.flatnonzero(answerable(self.queries, ANSWERS))]
        items = list(dict.fromkeys(item for query in kept for item in query.items))
        vectors = dict(zip(items, encode([self.texts[item] for item in items], "passage"), strict=True))
        asked = encode([query.query for query in kept], "query")
        pairs = zip(kept, asked, strict=True)
        return np.array([query.ndcg(np.stack([vectors[item] for item in query.items]) @ one) for query, one in pairs])

    def unjudged(self, count: int) -> list[str]:
        """Returns texts of products that no query was judged with, evenly over the catalogue."""
        judged = {item for query in self.queries for item in query.items}
        texts = list(dict.fromkeys(text for item, text in self.texts.items() if item not in judged))
        return texts[:: max(1, len(texts) // count)][:count]


def read(data: Path, every: int) -> Judged | None:
    """Returns products and judged queries, None where the data is not there."""
    if not (data / "products.jsonl.gz").is_file():
        return None
    with gzip.open(data / "products.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    texts = {row["id"]: f"{row.get('title') or row.get('name')} {row.get('short_description') or ''}" for row in rows}
    grades: dict[str, dict[str, int]] = {}
    with (data / "Broad_Query_Set_rated.csv").open(encoding="utf-8", newline="") as rated:
        for row in csv.DictReader(rated):
            if row["docid"] in texts:
                grades.setdefault(row["query"], {})[row["docid"]] = int(row["rating"])
    return Judged(texts, judged_queries(grades)[::every])


def timed(encoders: dict[str, Encode], rounds: int) -> dict[str, float]:
    """Returns the median milliseconds of the processor for one short text, the encoders taking turns of all of them."""
    spent: dict[str, list[float]] = {name: [] for name in encoders}
    for turn in range(rounds + 2):
        for name, encode in encoders.items():
            for text in SHORT * IN_TURN:
                started = time.process_time()
                encode([text], "query")
                if turn >= 2:
                    spent[name].append(1e3 * (time.process_time() - started))
    return {name: float(np.median(times)) for name, times in spent.items()}


def made(checkpoint: Checkpoint, judged: Judged | None, size: Size, folder: Path, seed: int) -> dict[str, Path]:
    """Returns the bundles: static and dynamic int8, for OpenVINO where it is there, and the student."""
    words = shop_words()
    calibration = [*(judged.unjudged(48) if judged else []), *words[::2]]
    out = {"int8": export_encoder(checkpoint.folder, folder / "int8", checkpoint.prefixes, TOKENS)}
    runtimes: list[Runtime] = ["onnx", "openvino"] if find_spec("openvino") else ["onnx"]
    for runtime in runtimes:
        name = "int8-static" if runtime == "onnx" else "int8-static openvino"
        place = folder / f"static-{runtime}"
        out[name] = export_encoder(
            checkpoint.folder, place, checkpoint.prefixes, TOKENS, "int8-static", calibration, runtime
        )
    texts = judged.unjudged(size.learned) if judged else words[: size.learned]
    distil = DistilSettings(max_tokens=TOKENS)
    settings = StaticSettings(read_tokens=size.read_tokens, steps=size.steps, distil=distil)
    out["static student"] = static_student(checkpoint, texts, folder / "student", seed=seed, settings=settings)
    return out


def claims(ms: dict[str, float], sizes: dict[str, int], scores: dict[str, np.ndarray]) -> list[Claim]:
    """Returns what is claimed, and what is only reported."""
    ours = "int8-static"
    found = [
        Claim("int8: times faster than torch fp32, one short text, one thread", ms["torch fp32"], ms[ours], "ms", 5.0),
        Claim("int8: size of the weights", sizes[ours], sizes["torch fp32"], "bytes", 0.26, "lower"),
        Claim("static student: times faster than int8", ms[ours], ms["static student"], "ms", 20.0),
    ]
    for name in ("int8", "int8-static openvino"):
        if name in ms:
            found.append(Claim(f"{name}: times faster than torch fp32", ms["torch fp32"], ms[name], "ms", None))
    if scores:
        whole = float(scores["torch fp32"].mean())
        kept = {name: float(values.mean()) for name, values in scores.items()}
        found.append(Claim("int8: nDCG@10 kept", kept[ours], whole, "nDCG@10", 0.99))
        found.append(Claim("static student: nDCG@10 kept", kept["static student"], whole, "nDCG@10", None))
    return found


def main() -> int:
    """Prints the figures and the claims; returns 1 when a claim does not hold in a full run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/icecat_chorus_en"))
    parser.add_argument("--pretrained", default="package:e5")
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--quick", action="store_true", help="too few texts to say anything of quality")
    parser.add_argument("--json", action="store_true", help="one claim a line")
    given = parser.parse_args()
    torch.set_num_threads(1)
    size, checkpoint = SIZES["quick" if given.quick else "full"], resolve(given.pretrained)
    judged = read(given.data, size.every)
    if judged is None:
        print(f"{given.data} is not there: nothing is said of quality", file=sys.stderr)
    original = original_encoder(checkpoint.folder, checkpoint.prefixes, TOKENS)
    with tempfile.TemporaryDirectory() as scratch:
        bundles = made(checkpoint, judged, size, Path(scratch), given.seed)
        encoders: dict[str, Encode] = {"torch fp32": original.encode}
        for name, bundle in bundles.items():
            encoders[name] = open_encoder(bundle).encode
        ms = timed(encoders, size.rounds)
        sizes = {name: _weights(bundle) for name, bundle in bundles.items()}
        sizes["torch fp32"] = (checkpoint.folder / WEIGHTS_FILE).stat().st_size
        scores = {name: judged.ndcg(encode) for name, encode in encoders.items()} if judged else {}
    found = claims(ms, sizes, {} if given.quick else scores)
    if given.json:
        print("\n".join(json.dumps(claim.as_json()) for claim in found))
    else:
        _print(ms, sizes, scores, checkpoint, given.seed)
        for claim in found:
            print(f"{'holds' if claim.holds else 'FAILS'}  {json.dumps(claim.as_json())}")
    return 0 if given.quick or all(claim.holds for claim in found) else 1


def _print(
    ms: dict[str, float], sizes: dict[str, int], scores: dict[str, np.ndarray], checkpoint: Checkpoint, seed: int
) -> None:
    print(f"{checkpoint.weights_source}, one thread, processor time, {len(SHORT)} short texts; seed {seed}")
    for name, spent in sorted(ms.items(), key=lambda pair: -pair[1]):
        line = f"{name:<22} {spent:8.3f} ms  {sizes[name] / 1e6:7.1f} MB"
        if scores:
            gain = paired_bootstrap(scores[name], scores["torch fp32"])
            line += f"  nDCG@10 {scores[name].mean():.4f} ({gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}])"
        print(line)


def _weights(bundle: Path) -> int:
    """What is beside the tokeniser, which the original has too."""
    return bundle_bytes(bundle) - (bundle / TOKENIZER_FILE).stat().st_size


if __name__ == "__main__":
    raise SystemExit(main())
