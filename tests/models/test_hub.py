"""`hub:ID` against a stand-in that speaks the hub's protocol over real HTTP, with a tiny random BERT behind it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import huggingface_hub
import numpy as np
import pytest
from safetensors.numpy import load_file, save
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer

from tradewind.errors import ModelError
from tradewind.models import lock
from tradewind.models.lock import LockedModel, WeightsLock
from tradewind.models.pretrained import resolve

NAME, COMMIT = "acme/tiny", "0123456789abcdef0123456789abcdef01234567"
WEIGHTS, CDN = "model.safetensors", "/cdn/"
HIDDEN, WORDS = 32, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "tea", "milk", "##s", "茶"]
LARGE = 10_000
"""Files from this size on lie in the large-file store, behind a redirect, as on the hub."""


def tiny_bert() -> dict[str, bytes]:
    """Returns the files of a random BERT of two layers."""
    shape = {
        "model_type": "bert", "architectures": ["BertModel"], "hidden_size": HIDDEN, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": len(WORDS), "max_position_embeddings": 64,
        "type_vocab_size": 2,
    }  # fmt: skip
    tokenizer = Tokenizer(WordPiece({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = BertPreTokenizer()
    return {
        "config.json": json.dumps(shape).encode(),
        "tokenizer.json": tokenizer.to_str().encode(),
        "tokenizer_config.json": b'{"tokenizer_class": "BertTokenizer"}',
        WEIGHTS: save(_tensors(), metadata={"format": "pt"}),
    }


def _tensors() -> dict[str, np.ndarray]:
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS), HIDDEN),
        "embeddings.position_embeddings.weight": (64, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}" for number in range(2)):
        attention = [f"{layer}.attention.{part}" for part in ("self.query", "self.key", "self.value", "output.dense")]
        sizes = dict.fromkeys(attention, (HIDDEN, HIDDEN))
        sizes |= {f"{layer}.intermediate.dense": (64, HIDDEN), f"{layer}.output.dense": (HIDDEN, 64)}
        shapes |= {f"{name}.weight": size for name, size in sizes.items()}
        shapes |= {f"{name}.bias": size[:1] for name, size in sizes.items()}
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    shapes |= {f"{norm}.{part}": (HIDDEN,) for norm in norms for part in ("weight", "bias")}
    chance = np.random.default_rng(3)
    return {name: chance.normal(0, 0.02, shape).astype(np.float32) for name, shape in shapes.items()}


@dataclass
class Hub:
    """What the stand-in holds and does, and every request it had."""

    files: dict[str, bytes] = field(default_factory=tiny_bert)
    refuses: int | None = None
    refusal: str = ""
    cut_after: int | None = None
    """The first answer with a large file breaks off after so many bytes."""
    slow: float = 0.0
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)
    url: str = ""

    @property
    def store(self) -> str:
        """Where large files lie: another host than the hub's, as in the world."""
        return self.url.replace("127.0.0.1", "localhost")

    def asked_for(self, method: str, part: str) -> list[str | None]:
        """Returns the Range headers of the requests whose path holds `part`."""
        return [span for verb, path, span in self.seen if verb == method and part in path]


def handler_of(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, body: bool) -> None:
            hub.seen.append((self.command, self.path, self.headers.get("Range")))
            path = self.path.partition("?")[0]
            if path == "/":
                self.send(200, b"a hub", {}, body)
            elif hub.refuses:
                error = {"X-Error-Code": hub.refusal, "X-Error-Message": "no"} if hub.refusal else {}
                self.send(hub.refuses, b'{"error": "no"}', error, body)
            elif path == f"/api/models/{NAME}/revision/main":
                siblings = [{"rfilename": name} for name in hub.files]
                self.json({"id": NAME, "modelId": NAME, "sha": COMMIT, "private": False, "siblings": siblings}, body)
            elif path == f"/api/models/{NAME}/tree/{COMMIT}":
                self.json([_entry(name, content) for name, content in hub.files.items()], body)
            elif path.startswith(f"/{NAME}/resolve/{COMMIT}/") and path.rpartition("/")[2] in hub.files:
                self.resolve(hub.files[path.rpartition("/")[2]], body)
            elif path.startswith(CDN):
                self.large(path.removeprefix(CDN), body)
            else:
                self.send(404, b'{"error": "not found"}', {"X-Error-Code": "RepoNotFound"}, body)

        def resolve(self, content: bytes, body: bool) -> None:
            told = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha1(content).hexdigest()}"'}
            if len(content) < LARGE:
                self.send(200, content, told, body)
                return
            digest = hashlib.sha256(content).hexdigest()
            linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
            self.send(302, b"", {**told, **linked, "Location": f"{hub.store}{CDN}{digest}"}, body)

        def large(self, digest: str, body: bool) -> None:
            content = next(one for one in hub.files.values() if hashlib.sha256(one).hexdigest() == digest)
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
            start = int(asked.group(1)) if asked else 0
            span = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if asked else {}
            self.send(206 if asked else 200, content[start:], {**span, "ETag": f'"{digest}"'}, body, large=True)

        def json(self, value: Any, body: bool) -> None:
            self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"}, body)

        def send(self, status: int, content: bytes, headers: dict[str, str], body: bool, large: bool = False) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if not body:
                return
            for start in range(0, len(content), 4_096):
                if large and hub.cut_after is not None and start >= hub.cut_after:
                    hub.cut_after = None
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.wfile.write(content[start : start + 4_096])
                time.sleep(hub.slow if large else 0)

    return Handler


def _entry(name: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()
    }  # fmt: skip
    if len(content) >= LARGE:
        digest = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 130}
    return entry


@pytest.fixture
def hub() -> Iterator[Hub]:
    held = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(held))
    server.daemon_threads = True
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield held
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Returns `resolve` with a cache of its own, its client turned to the stand-in."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return lambda spec: resolve(spec, tmp_path / "weights")


def locked_at(digest: str, size: int, commit: str = COMMIT) -> WeightsLock:
    source = {
        "kind": "hub", "id": NAME, "revision": commit, "file": WEIGHTS, "bytes": size, "sha256": digest,
        "licence": "Apache-2.0",
    }  # fmt: skip
    prefixes = {"query": "q: ", "passage": "p: ", "together": "t: "}
    model = {"title": "tiny", "dimension": HIDDEN, "prefixes": prefixes, "sources": [source]}
    return WeightsLock({"tiny": LockedModel.model_validate(model)})


@pytest.fixture
def locking(monkeypatch: pytest.MonkeyPatch) -> Callable[[WeightsLock], None]:
    """Returns a function that puts another lock file in the place of ours."""

    def put(held: WeightsLock) -> None:
        for module in ("tradewind.models.sources.hub", "tradewind.models.pretrained"):
            monkeypatch.setattr(f"{module}.load_lock", lambda: held)

    return put


def test_a_model_comes_from_the_hub_with_its_weights_unchanged_and_says_its_commit(hub: Hub, fetch: Any) -> None:
    found = fetch(f"hub:{NAME}")
    assert found.weights_source == f"hub:{NAME}@{COMMIT[:12]}"
    assert (found.dimension, found.vocabulary, found.licence) == (HIDDEN, len(WORDS), "not stated")
    wanted, got = _tensors(), load_file(found.folder / WEIGHTS)
    assert wanted.keys() == got.keys()
    assert all(np.array_equal(wanted[name], got[name]) for name in wanted)
    assert Tokenizer.from_file(str(found.folder / "tokenizer.json")).encode("teas 茶").tokens == ["tea", "##s", "茶"]


def test_only_weights_configuration_and_tokenizer_are_fetched_and_no_code(hub: Hub, fetch: Any) -> None:
    hub.files |= {"modeling_tiny.py": b"raise SystemExit('code ran')", "pytorch_model.bin": b"\x80\x04pickle"}
    fetch(f"hub:{NAME}")
    assert {path.rpartition("/")[2] for verb, path, _ in hub.seen if "/resolve/" in path} <= {
        "config.json", "tokenizer.json", "tokenizer_config.json", WEIGHTS
    }  # fmt: skip


def test_the_second_time_needs_no_network(hub: Hub, fetch: Any, tmp_path: Path) -> None:
    first = fetch(f"hub:{NAME}")
    hub.seen.clear()
    assert fetch(f"hub:{NAME}") == first
    assert resolve(f"hub:{NAME}", tmp_path / "another").sha256 == first.sha256
    assert hub.seen == []


def test_a_revision_that_is_a_commit_is_taken_as_it_is(hub: Hub, fetch: Any) -> None:
    assert fetch(f"hub:{NAME}@{COMMIT}").weights_source.endswith(COMMIT[:12])
    assert hub.asked_for("GET", "/revision/") == []


def test_the_lock_files_revision_size_and_hash_hold(hub: Hub, fetch: Any, locking: Any) -> None:
    content = hub.files[WEIGHTS]
    locking(locked_at(hashlib.sha256(content).hexdigest(), len(content)))
    found = fetch(f"hub:{NAME}")
    assert (found.licence, found.prefixes["query"]) == ("Apache-2.0", "q: ")
    assert hub.asked_for("GET", "/revision/") == [], "the locked revision was asked for, not the newest"
    assert fetch("tiny") == found


@pytest.mark.parametrize(("digest", "more", "says"), [("0" * 64, 0, "not the ones that are locked"), ("", 1, "bytes")])
def test_weights_other_than_the_locked_ones_are_refused(
    hub: Hub, fetch: Any, locking: Any, digest: str, more: int, says: str
) -> None:
    content = hub.files[WEIGHTS]
    locking(locked_at(digest or hashlib.sha256(content).hexdigest(), len(content) + more))
    with pytest.raises(ModelError, match=says):
        fetch(f"hub:{NAME}")


def test_a_file_that_was_altered_in_the_clients_cache_is_refused_by_the_hubs_own_hash(
    hub: Hub, fetch: Any, tmp_path: Path
) -> None:
    fetch(f"hub:{NAME}")
    blob = next(tmp_path.glob(f"hub/*/snapshots/{COMMIT}/{WEIGHTS}")).resolve()
    raw = bytearray(blob.read_bytes())
    raw[-1] ^= 1
    blob.write_bytes(raw)
    with pytest.raises(ModelError, match="sha256") as caught:
        fetch(f"hub:{NAME}")
    blob.unlink()
    assert str(blob) in str(caught.value)
    assert fetch(f"hub:{NAME}").weights_source.endswith(COMMIT[:12])


def test_a_download_that_breaks_off_is_resumed_where_it_broke(
    hub: Hub, fetch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1_024)
    hub.cut_after = 8_192
    found = fetch(f"hub:{NAME}")
    assert np.array_equal(
        load_file(found.folder / WEIGHTS)["embeddings.LayerNorm.bias"], _tensors()["embeddings.LayerNorm.bias"]
    )
    assert hub.asked_for("GET", CDN) == [None, "bytes=8192-"]


def test_a_download_killed_half_way_leaves_nothing_that_counts_and_is_had_by_the_next(hub: Hub, tmp_path: Path) -> None:
    hub.slow = 0.2
    child = _child(hub, tmp_path)
    deadline = time.monotonic() + 60
    while not hub.asked_for("GET", CDN) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=30)
    assert not list(tmp_path.glob("weights/*/source.json"))
    hub.slow = 0.0
    out, errors = _child(hub, tmp_path).communicate(timeout=60)
    assert out.strip() == f"hub:{NAME}@{COMMIT[:12]}", errors


CHILD = "import sys; from tradewind.models.pretrained import resolve; print(resolve(sys.argv[1]).weights_source)"


def _child(hub: Hub, folder: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "home"), "TRADEWIND_CACHE": str(folder)}
    env["HF_HUB_OFFLINE"] = "0"
    command = [sys.executable, "-c", CHILD, f"hub:{NAME}"]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (404, "RepoNotFound", "no model of that name"),
        (404, "RevisionNotFound", "no such revision"),
        (401, "RepoNotFound", "none that may be seen without a token"),
        (401, "", "it answered 401: a token"),
        (403, "GatedRepo", "lets nobody in without a token"),
        (403, "", "it answered 403: a token"),
        (418, "", "it answered 418"),
    ],
)
def test_a_refusal_is_one_sentence_that_says_why_and_names_the_packaged_models(
    hub: Hub, fetch: Any, status: int, code: str, says: str
) -> None:
    hub.refuses, hub.refusal = status, code
    with pytest.raises(ModelError) as caught:
        fetch(f"hub:{NAME}")
    told = str(caught.value)
    assert says in told
    assert f"{NAME!r}" in told
    assert "package:e5, package:minilm" in told
    assert "\n" not in told


def test_a_hub_that_cannot_be_reached_is_named(hub: Hub, fetch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", nobody)
        with pytest.raises(ModelError, match=rf"{nobody} does not answer \(weights that need no hub: package:e5"):
            fetch(f"hub:{NAME}")


def test_offline_by_choice_asks_nobody(hub: Hub, fetch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        fetch(f"hub:{NAME}")
    assert hub.seen == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b", "acme/", "a/b/c", ""])
def test_a_name_that_is_none_is_said(hub: Hub, fetch: Any, name: str) -> None:
    with pytest.raises(ModelError, match="no name of a model"):
        fetch(f"hub:{name}")


@pytest.mark.parametrize("pickled", ["pytorch_model.bin", "tf_model.h5", "weights.ckpt"])
def test_a_repository_of_pickles_is_refused_by_name_and_none_is_fetched(hub: Hub, fetch: Any, pickled: str) -> None:
    hub.files[pickled] = hub.files.pop(WEIGHTS)
    with pytest.raises(ModelError, match=rf"no {WEIGHTS}, only {pickled}: a form that can run code"):
        fetch(f"hub:{NAME}")
    assert hub.asked_for("GET", f"/resolve/{COMMIT}/{pickled}") == hub.asked_for("GET", CDN) == []


def test_a_model_that_needs_code_of_its_own_is_refused(hub: Hub, fetch: Any) -> None:
    config = json.loads(hub.files["config.json"]) | {"auto_map": {"AutoModel": "modeling_tiny.TinyModel"}}
    hub.files |= {"config.json": json.dumps(config).encode(), "modeling_tiny.py": b"raise SystemExit('code ran')"}
    with pytest.raises(ModelError, match="never run"):
        fetch(f"hub:{NAME}")


def test_up_takes_its_encoder_from_the_hub_that_the_environment_names(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text("id,title\n1,tea\n", encoding="utf-8")
    items = "items: {source: {path: items.csv}, id: id, title: title}"
    yaml = f"shop: s\n{items}\nencoder: {{pretrained: 'hub:{NAME}'}}\n"
    (tmp_path / "shop.yaml").write_text(yaml, encoding="utf-8")
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
    env["TRADEWIND_CACHE"] = str(tmp_path / "cache")
    command = [str(Path(sys.executable).with_name("tradewind")), "up", str(tmp_path), "--until", "weights", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["weights"]["source"] == f"hub:{NAME}@{COMMIT[:12]}"


def test_the_lock_that_ships_is_the_one_the_hub_source_reads() -> None:
    assert lock.load_lock().of_hub("intfloat/multilingual-e5-small") is lock.load_lock().model("e5")
