"""A copy of the bilingual example with an encoder so small that the whole way takes seconds, to break in the middle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("tradewind"))
LIMITED = """
import os, resource, sys
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
os.execv(sys.argv[2], sys.argv[2:])
"""
"""A disk that is full, as it feels to the process that writes to it."""
STEPS = 60
"""Of training; the run looks at its validation, and keeps a checkpoint, half-way."""


class Cli:
    """The command line as processes that may be killed or starved, with a cache of converted weights of their own."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def start(self, *words: str | Path, largest_file: int | None = None) -> subprocess.Popen[str]:
        """Starts `tradewind WORDS` in a group of its own; with `largest_file` no file may grow beyond those bytes."""
        limited = [] if largest_file is None else [sys.executable, "-c", LIMITED, str(largest_file)]
        return subprocess.Popen(
            [*limited, COMMAND, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "COLUMNS": "200", "TRADEWIND_CACHE": str(self._cache)},
        )

    def run(
        self, *words: str | Path, code: int = 0, largest_file: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Returns what `tradewind WORDS` printed; it must end with `code` and without a stack trace."""
        process = self.start(*words, largest_file=largest_file)
        out, errors = process.communicate(timeout=900)
        assert "Traceback" not in errors, errors[-3000:]
        assert process.returncode == code, errors[-3000:]
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)

    def kill_when(self, there: Callable[[], bool], *words: str | Path) -> None:
        """Starts `tradewind WORDS` and kills it, without a word, as soon as `there()`; fails if it ends before."""
        process = self.start(*words)
        deadline = time.monotonic() + 900
        while not there() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        ended = process.poll()
        if ended is None:
            os.killpg(process.pid, signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
        assert ended is None, f"it ended before it could be killed: {errors[-2000:]}"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "cache")


@pytest.fixture(scope="session")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of two layers; most of it is its word table, as of a real one, so that int8 makes it small."""
    import torch
    from tokenizers import Tokenizer, normalizers, pre_tokenizers
    from tokenizers.models import WordPiece
    from transformers import BertConfig, BertModel

    letters = sorted(set((ROOT / "examples/bilingual/products.jsonl").read_text(encoding="utf-8").lower()) - set(" \n"))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    words += [f"[unused{number}]" for number in range(4_000)]
    tokenizer = Tokenizer(WordPiece({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    shape = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128}
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("encoder")
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=64, **shape)).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def copy_shop(tmp_path: Path) -> Path:
    """The bilingual example, unbuilt."""
    folder = tmp_path / "shop"
    shutil.copytree(ROOT / "examples/bilingual", folder, ignore=shutil.ignore_patterns(".tradewind"))
    return folder


@pytest.fixture
def quick_shop(copy_shop: Path, encoder: Path) -> Path:
    """The bilingual example with the small encoder and short training."""
    path = copy_shop / "shop.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["encoder"] = {"pretrained": f"dir:{encoder}"}
    settings["learn"] = {
        "match": {"max_steps": STEPS}, "classify": {"enabled": False}, "next_item": {"enabled": False}
    }  # fmt: skip
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    return copy_shop
