"""A tiny random encoder on disk and a small shop whose purchases have a pattern, for runs of seconds."""

from __future__ import annotations

import hashlib
import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import BertConfig, BertModel

from tradewind.data.records import EVENT_SCHEMA, ITEM_SCHEMA
from tradewind.models.pretrained import Checkpoint
from tradewind.settings import Shop, parse_shop
from tradewind.training import processes

PREFIXES = {"query": "query: ", "passage": "passage: ", "together": "query: bought with: "}
KINDS = {"dairy": ["milk", "cheese", "yogurt", "butter"], "bakery": ["bread", "rolls", "bagel", "cake"]}
SIZES = [f"{number} oz" for number in range(1, 13)]
WORDS = ["[PAD]", "[UNK]", "query", "passage", "bought", "with", ":", ",", ".", ">", "oz", "奶", "牛", "包", "面"]


def write_tiny_checkpoint(folder: Path) -> Path:
    words = [*WORDS, *KINDS, *(kind for kinds in KINDS.values() for kind in kinds), *(str(n) for n in range(1, 10))]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    (folder / "tokenizer_config.json").write_text("{}")
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = write_tiny_checkpoint(tmp_path_factory.mktemp("tiny"))
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    return Checkpoint(folder, "made for this test", digest, "none", 16, PREFIXES, len(WORDS))


@dataclass(frozen=True)
class TableSnapshot:
    """What training reads of a snapshot."""

    table: pa.Table
    log: pa.Table
    hash: str = "made-for-this-test"

    def items(self) -> pa.Table:
        return self.table

    def events(self, columns: Any = None, types: Any = None) -> pa.Table:
        return self.log.select(columns) if columns else self.log


@pytest.fixture(scope="session")
def snapshot() -> TableSnapshot:
    rows = [
        {
            **dict.fromkeys(ITEM_SCHEMA.names),
            "id": f"{kind}-{size}",
            "title": f"{kind}, {size}",
            "text": f"{kind}, {size}. {label}",
            "category": f"{label} > {kind}",
            "price_derived": False,
            "attributes": json.dumps({"kind": kind}),
            "availability": "in_stock",
        }
        for label, kinds in KINDS.items()
        for kind in kinds
        for size in SIZES
    ]
    random = np.random.default_rng(5)
    start, log = datetime(2026, 1, 1, tzinfo=UTC), []
    for basket in range(300):
        # Milk goes with bread, cheese with rolls, and so on.
        pair = int(random.integers(4))
        for label in KINDS:
            log.append(
                {
                    **dict.fromkeys(EVENT_SCHEMA.names),
                    "event_id": f"{basket}-{label}",
                    "type": "purchase",
                    "time": start + timedelta(hours=basket),
                    "user": f"u{basket % 20}",
                    "item": f"{KINDS[label][pair]}-{SIZES[int(random.integers(12))]}",
                    "basket": f"b{basket}",
                }
            )
    return TableSnapshot(pa.Table.from_pylist(rows, schema=ITEM_SCHEMA), pa.Table.from_pylist(log, schema=EVENT_SCHEMA))


SHOP = """
shop: tiny
languages: [en, zh]
notice: Made up for a test.
queries: queries.yaml
items: {source: {path: items.csv}, id: id, title: title}
"""
QUERIES = """
field: kind
queries:
  - {query: milk, right: [milk], use: tune}
  - {query: 牛奶, language: zh, right: [milk], use: tune}
  - {query: bread, right: [bread], use: report}
  - {query: 面包, language: zh, right: [bread], use: report}
"""


@pytest.fixture
def make_shop(tmp_path: Path) -> Callable[..., Shop]:
    def make(**learn: Any) -> Shop:
        (tmp_path / "queries.yaml").write_text(QUERIES, encoding="utf-8")
        raw = SHOP + json.dumps({"learn": {"threads": 1, **learn}})[1:-1] + "\n"
        return Shop(parse_shop(raw.encode(), where="test"), tmp_path)

    return make


class Forked:
    """Stands in for a fresh interpreter, which reads torch for eight seconds: a copy of this one, a real process."""

    def __init__(self, command: list[str], *, env: dict[str, str], **more: Any) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.environ.update(env)
            from tradewind.training import worker

            os._exit(worker.main(Path(command[-1])))

    def poll(self) -> int | None:
        if self.returncode is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if found else None
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several processes of a run are copies of the test's own."""
    monkeypatch.setattr(processes.subprocess, "Popen", Forked)
