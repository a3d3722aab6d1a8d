"""What one search costs on one core, beside the plain stack on the same texts and the same queries in the same run.

    python benchmarks/search_latency.py [--shop examples/grocer] [--quick] [--json] [--install-peer]

Needs a shop built by `tradewind up SHOP --no-serve`. Ours is the engine in this process, as it serves, without its
caches. The peer (peers/plain_stack) is sentence-transformers in fp32, faiss flat and bm25s, in a process and an
environment of its own. Both are held to one and the same core, take turns of twenty queries, and are timed each inside
its own process. Every query is asked once: nothing is warm but the code.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}

import numpy as np
from numpy.typing import NDArray

from tradewind.engine.composition import open_engine
from tradewind.engine.engine import Engine, EngineSettings
from tradewind.engine.requests import SearchRequest
from tradewind.errors import TradewindError
from tradewind.index.filters import NO_FILTERS
from tradewind.models.pretrained import resolve
from tradewind.settings import Shop, load_shop
from tradewind.tasks.query_check import load_queries
from tradewind.telemetry import SilentProgress

PEER = Path(__file__).parent / "peers" / "plain_stack"
K = 10
WARM_UP = 12
MOST_WORDS = 3
"""Words of a query taken from the catalogue; shoppers seldom type more."""
TURN = 20
"""Queries that one side answers before the other has its turn: long enough that neither clears the other's caches."""
MEDIAN_MS, P99_MS, TIMES = 8.0, 25.0, 5.0


@dataclass(frozen=True)
class Claim:
    """One figure: ours beside the peer's; `holds` says whether it is what is wanted, and `wants` what that is."""

    claim: str
    ours: float
    peer: float | None
    ratio: float | None
    unit: str
    wants: str
    holds: bool


@dataclass(frozen=True)
class Timed:
    """Milliseconds of every query, by the clock and of the processor: column 0 ours, column 1 the peer's.

    `shared` is the share of the first ten results that both gave.
    """

    clock: NDArray[np.float64]
    processor: NDArray[np.float64]
    shared: float


def one_core() -> int:
    """Holds this process, and those it starts, to one core. Returns its number."""
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def questions(shop: Shop, engine: Engine, count: int) -> list[str]:
    """Returns distinct queries: the shop's judged ones, then names of categories."""
    file = shop.settings.queries
    judged = [found.query for found in load_queries(shop.root / file).queries] if file else []
    view = engine.serving.view
    rows = np.linspace(0, view.size - 1, 6 * count).astype(int)
    items = [view.item(int(row)) for row in rows]
    named = [name for item in items for name in item.category if len(name.split()) <= MOST_WORDS]
    wanted = dict.fromkeys(text.lower() for text in [*judged, *named] if text)
    return list(wanted)[: count + WARM_UP]


@contextmanager
def peer_process(shop: Shop, engine: Engine) -> Iterator[subprocess.Popen[str]]:
    """Starts the plain stack over the catalogue's own texts and vectors, ready to answer."""
    with tempfile.TemporaryDirectory() as folder:
        texts, vectors = _catalogue(engine, Path(folder))
        settings = shop.settings.encoder
        checkpoint = resolve(settings.pretrained, trim=settings.trim_vocabulary, progress=SilentProgress())
        prefix = checkpoint.prefixes.get("query", "")
        command = [str(peer_python()), str(PEER / "serve.py"), "--model", str(checkpoint.folder)]
        command += ["--texts", str(texts), "--vectors", str(vectors), "--prefix", prefix]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
            try:
                _read(peer)
                yield peer
            finally:
                peer.kill()


def peer_python() -> Path:
    """Returns the interpreter of the peer's own environment, or this one when there is none."""
    own = PEER / "venv" / "bin" / "python"
    return own if own.exists() else Path(sys.executable)


def install_peer() -> None:
    """Makes the peer's own environment."""
    subprocess.run([sys.executable, "-m", "venv", str(PEER / "venv")], check=True)
    subprocess.run([str(peer_python()), "-m", "pip", "install", "-r", str(PEER / "requirements.txt")], check=True)


def measure(engine: Engine, peer: subprocess.Popen[str], asked: list[str]) -> Timed:
    """Returns what every query cost each side; the first ones warm both up and are not counted."""
    for query in asked[:WARM_UP]:
        _ours(engine, query), _ask(peer, query)
    ours, theirs = [], []
    for start in range(WARM_UP, len(asked), TURN):
        turn = asked[start : start + TURN]
        ours += [_ours(engine, query) for query in turn]
        theirs += [_theirs(peer, engine, query) for query in turn]
    times = np.asarray([[mine[:2], its[:2]] for mine, its in zip(ours, theirs, strict=True)])
    shared = [len(mine[2] & its[2]) / K for mine, its in zip(ours, theirs, strict=True)]
    return Timed(times[:, :, 0], times[:, :, 1], float(np.mean(shared)))


def claims_of(timed: Timed) -> list[Claim]:
    """Returns what is claimed of the times."""
    claims: list[Claim] = []
    for name, share, limit in (("median", 50, MEDIAN_MS), ("99th percentile", 99, P99_MS)):
        ours, peer = (round(float(side), 2) for side in np.percentile(timed.clock, share, axis=0))
        text = f"{name} of a search on one core, without caches"
        claims.append(Claim(text, ours, peer, round(ours / peer, 3), "ms", f"<= {limit:g}", ours <= limit))
    times = round(float(np.divide(*np.median(timed.clock, axis=0)[::-1])), 2)
    text = "how many times faster than the plain stack at the median"
    claims.append(Claim(text, times, 1.0, times, "times", f">= {TIMES:g}", times >= TIMES))
    return claims


def main() -> int:
    """Prints the table, or with --json one claim a line. Returns 1 when a claim does not hold."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--shop", type=Path, default=Path("examples/grocer"))
    options.add_argument("--queries", type=int, default=400)
    options.add_argument("--quick", action="store_true", help="60 queries")
    options.add_argument("--json", action="store_true")
    options.add_argument("--install-peer", action="store_true", help="make the peer's own environment first")
    given = options.parse_args()
    if given.install_peer:
        install_peer()
    core, shop = one_core(), load_shop(given.shop)
    settings = EngineSettings(reply_cache_bytes=0, vector_cache_bytes=0)
    try:
        engine = open_engine(shop, settings, watch=False)
    except TradewindError as error:
        print(f"{error}\nbuild the shop first: tradewind up {given.shop} --no-serve", file=sys.stderr)
        return 1
    with engine, peer_process(shop, engine) as peer:
        asked = questions(shop, engine, 60 if given.quick else given.queries)
        timed = measure(engine, peer, asked)
        size = engine.serving.view.size
    claims = claims_of(timed)
    if given.json:
        print("\n".join(json.dumps(asdict(claim), ensure_ascii=False) for claim in claims))
    else:
        ours, peer = np.median(timed.processor, axis=0)
        print(f"{size:,} items, {len(timed.clock)} queries, core {core}; the peer runs in {peer_python()}")
        print(f"of the first {K} results both gave {timed.shared:.0%}")
        print(
            f"processor time at the median, which other work on the machine blurs less: {ours:.2f} and {peer:.2f} ms\n"
        )
        for claim in claims:
            verdict = "holds" if claim.holds else "DOES NOT HOLD"
            print(f"{claim.claim:<58} {claim.ours:>8.2f} {claim.peer:>8.2f} {claim.unit:<6} {claim.wants:<7} {verdict}")
    return 0 if all(claim.holds for claim in claims) else 1


def _catalogue(engine: Engine, folder: Path) -> tuple[Path, Path]:
    """Writes the texts and the vectors of the catalogue, row by row. Returns the two files."""
    view = engine.serving.view
    rows = view.select(NO_FILTERS)
    texts = folder / "texts.json"
    texts.write_text(json.dumps([item.text for item in view.items(rows.tolist())]), encoding="utf-8")
    np.save(folder / "vectors.npy", np.stack([view.vector_of(int(row)) for row in rows]))
    return texts, folder / "vectors.npy"


def _ours(engine: Engine, query: str) -> tuple[float, float, set[str]]:
    """Returns milliseconds by the clock and of the processor, and the ids found."""
    request = SearchRequest(query, k=K, deadline_ms=60_000)
    started, used = time.perf_counter(), time.process_time()
    reply = engine.search(request)
    used, spent = time.process_time() - used, time.perf_counter() - started
    return spent * 1000.0, used * 1000.0, {result["id"] for result in json.loads(reply.body)["results"]}


def _theirs(peer: subprocess.Popen[str], engine: Engine, query: str) -> tuple[float, float, set[str]]:
    """Returns the same of the peer."""
    answer, view = _ask(peer, query), engine.serving.view
    return answer["ms"], answer["cpu_ms"], {view.item(int(row)).id for row in answer["rows"]}


def _ask(peer: subprocess.Popen[str], query: str) -> dict[str, Any]:
    assert peer.stdin is not None
    peer.stdin.write(json.dumps([query, K]) + "\n")
    peer.stdin.flush()
    return _read(peer)


def _read(peer: subprocess.Popen[str]) -> dict[str, Any]:
    assert peer.stdout is not None
    line = peer.stdout.readline()
    if not line:
        raise SystemExit("the peer ended without an answer; install it with --install-peer")
    told: dict[str, Any] = json.loads(line)
    return told


if __name__ == "__main__":
    sys.exit(main())
