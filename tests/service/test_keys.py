"""API keys are hashed at rest, scoped, listed and revoked, and every process sees a change at once."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from tradewind.errors import ConfigError, NotFoundError
from tradewind.service.keys import FILE_NAME, open_keys


def test_a_key_is_found_by_its_text_and_carries_its_scopes(tmp_path: Path) -> None:
    ring = open_keys(tmp_path)
    key, text = ring.create("storefront", ["search", "events"])
    assert text.startswith(f"tw_{key.id}_")
    assert ring.find(text) == key
    assert key.scopes == {"search", "events"}


def test_the_secret_has_128_bits_and_is_nowhere_on_disk(tmp_path: Path) -> None:
    _, text = open_keys(tmp_path).create("k", ["search"])
    secret = text.split("_")[2]
    assert len(bytes.fromhex(secret)) == 16
    assert all(secret not in file.read_text() for file in tmp_path.iterdir())


def test_the_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    open_keys(tmp_path).create("k", ["search"])
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_keys(tmp_path).create("k", ["search"])
    (tmp_path / FILE_NAME).chmod(0o644)
    with pytest.raises(ConfigError, match="others can read"):
        open_keys(tmp_path)


@pytest.mark.parametrize(
    "forge",
    [
        lambda key, secret: f"tw_{key}_{secret[:-1]}",
        lambda key, secret: f"tw_{key}_{secret}0",
        lambda key, secret: f"tw_{key}_",
        lambda key, secret: f"tw_0000000000000000_{secret}",
        lambda key, secret: f"xx_{key}_{secret}",
        lambda key, secret: f"{key}_{secret}",
        lambda key, secret: "",
        lambda key, secret: "tw__",
        lambda key, secret: "\ud800_\ud800_\ud800",
        lambda key, secret: f"tw_{key}_{secret.upper()}X",
    ],
)
def test_what_is_not_exactly_a_key_opens_nothing(tmp_path: Path, forge) -> None:
    ring = open_keys(tmp_path)
    _, text = ring.create("k", ["admin"])
    _, key_id, secret = text.split("_")
    assert ring.find(forge(key_id, secret)) is None


def test_a_revoked_key_is_refused_by_another_open_ring_at_its_next_question(tmp_path: Path) -> None:
    ring, other = open_keys(tmp_path), open_keys(tmp_path)
    key, text = ring.create("k", ["search"])
    assert other.find(text) is not None
    ring.revoke(key.id)
    assert other.find(text) is None
    assert other.list() == []


def test_revoking_a_key_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        open_keys(tmp_path).revoke("nobody")


@pytest.mark.parametrize("scopes", [[], ["search", "root"]])
def test_a_key_needs_scopes_that_exist(tmp_path: Path, scopes: list[str]) -> None:
    with pytest.raises(ConfigError, match="no such scope"):
        open_keys(tmp_path).create("k", scopes)


def test_keys_made_at_the_same_time_by_several_writers_are_all_kept(tmp_path: Path) -> None:
    def make() -> None:
        for _ in range(10):
            open_keys(tmp_path).create("k", ["search"])

    writers = [threading.Thread(target=make) for _ in range(4)]
    [writer.start() for writer in writers]
    [writer.join() for writer in writers]
    assert len(open_keys(tmp_path).list()) == 40


@pytest.mark.parametrize("content", ["", "{", "[]", '{"keys": [{}]}', json.dumps({"keys": 3})])
def test_a_broken_key_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="not a key file"):
        open_keys(tmp_path)
