"""`tradewind privacy`: a person is shown everything, erased for good, and texts are masked, by the command alone."""

from __future__ import annotations

import io
import json
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tradewind.cli.app import main
from tradewind.data.snapshot import Snapshot, latest_snapshot
from tradewind.data.store import open_store
from tradewind.settings import load_shop

YAML = """
shop: s
items: {source: {path: items.csv}, id: id, title: title, category: [kind], brand: maker}
events: [{source: {path: events.csv}, type: type, time: time, item: item, user: user, query: query, basket: basket}]
"""
ITEMS = "id,title,kind,maker\n1,Green tea,Tea,Acme\n2,Cup,Crockery,Bo\n"
EVENTS = """type,time,item,user,query,basket
purchase,2026-01-01T10:00:00Z,1,customer-0815,,b1
purchase,2026-01-01T10:00:00Z,2,customer-0815,,b1
search,2026-01-02T10:00:00Z,,customer-0815,gift for 13812345678,
purchase,2026-01-03T10:00:00Z,1,customer-0816,,b2
"""
PERSON, OTHER = "customer-0815", "customer-0816"


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class Cli:
    """The command line in this process: a process for each of its words would cost a second each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def run(self, *words: str | Path, given: bytes = b"") -> Done:
        self._monkeypatch.setattr(sys, "argv", ["tradewind", *map(str, words)])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else 0, said.out, said.err)

    def json(self, *words: str | Path) -> Any:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(monkeypatch, capsys)


@pytest.fixture
def shop(tmp_path: Path, cli: Cli) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in (("shop.yaml", YAML), ("items.csv", ITEMS), ("events.csv", EVENTS)):
        (folder / name).write_text(text, encoding="utf-8")
    assert cli.run("ingest", folder).returncode == 0
    return folder


def test_an_export_holds_ids_consent_events_and_what_is_concluded(shop: Path, cli: Cli) -> None:
    found = cli.json("privacy", "export", PERSON, "--shop", shop)
    assert found["user_ids"] == [PERSON]
    assert found["consent"] == {"personalise": True, "version": 0}
    assert sorted(event["type"] for event in found["events"]) == ["purchase", "purchase", "search"]
    assert [event["query"] for event in found["events"] if "query" in event] == ["gift for [phone]"]
    assert found["profile"]["bought"] == {"1": 1, "2": 1}
    assert found["profile"]["category"] == {"Crockery": 0.5, "Tea": 0.5}
    assert OTHER not in json.dumps(found)


def test_without_yes_nothing_is_erased_and_it_is_said_what_would_be(shop: Path, cli: Cli) -> None:
    before = cli.json("privacy", "export", PERSON, "--shop", shop)
    done = cli.run("privacy", "erase", PERSON, "--shop", shop)
    assert done.returncode == 2
    assert "3 events of this user would be gone for good" in done.stderr
    assert "--yes" in done.stderr
    assert cli.json("privacy", "export", PERSON, "--shop", shop) == before


def test_an_erased_person_is_gone_from_store_snapshots_and_disk_and_the_others_stay(shop: Path, cli: Cli) -> None:
    opened = load_shop(shop)
    pseudonym = cli.json("privacy", "export", PERSON, "--shop", shop)["pseudonym"]
    old = latest_snapshot(opened)
    assert cli.json("privacy", "erase", PERSON, "--yes", "--shop", shop) == {
        "events": 3, "snapshots": 1, "rebuilds": ["ingest"], "learned": []
    }  # fmt: skip
    with closing(open_store(opened)) as store:
        assert store.pseudonym(PERSON, create=False) is None
        assert store.events_of(pseudonym) == []
        assert not store.consent(pseudonym).personalise
        assert store.events_table().num_rows == 1
    assert pseudonym in old.events()["user"].to_pylist(), "opened before: it still reads what it read"
    for opened_after in (latest_snapshot(opened), Snapshot.open(old.path)):
        assert pseudonym not in opened_after.events()["user"].to_pylist()
    for file in (shop / ".tradewind").glob("store.db*"):
        assert PERSON.encode() not in file.read_bytes(), f"{file.name} still names the person"
        assert b"gift for" not in file.read_bytes()
    assert len(cli.json("privacy", "export", OTHER, "--shop", shop)["events"]) == 1
    done = cli.run("privacy", "export", PERSON, "--shop", shop)
    assert done.returncode == 2
    assert "no such user" in done.stderr


def test_the_next_up_makes_the_data_again_without_the_person_though_no_table_changed(shop: Path, cli: Cli) -> None:
    before = cli.json("up", shop, "--until", "ingest")["ingest"]["snapshot"]
    cli.run("privacy", "erase", PERSON, "--yes", "--shop", shop)
    done = cli.run("up", shop, "--until", "ingest", "--no-serve")
    assert "changed: people erased" in done.stderr, done.stderr
    after = cli.json("up", shop, "--until", "ingest")["ingest"]["snapshot"]
    assert after != before
    events = Snapshot.open(shop / ".tradewind/snapshots" / after).events()
    assert events.num_rows == 1
    assert cli.run("privacy", "export", PERSON, "--shop", shop).returncode == 2, "the old rows made nobody known again"


def test_a_user_nobody_knows_is_said(shop: Path, cli: Cli) -> None:
    for words in (["export", "nobody"], ["erase", "nobody", "--yes"]):
        done = cli.run("privacy", *words, "--shop", shop)
        assert done.returncode == 2
        assert "no such user" in done.stderr


def test_a_text_is_masked_from_a_file_and_from_standard_input(tmp_path: Path, cli: Cli) -> None:
    text = "call 13812345678\r\nor write a.b@example.org\n订单 13812345678 stays\n"
    masked = "call [phone]\r\nor write [email]\n订单 13812345678 stays\n"
    (tmp_path / "text").write_bytes(text.encode())
    for done in (cli.run("privacy", "mask", tmp_path / "text"), cli.run("privacy", "mask", given=text.encode())):
        assert done.stdout == masked
        assert done.stderr == "email: 1, phone: 1\n"
    assert cli.json("privacy", "mask", tmp_path / "text") == {"text": masked, "counts": {"phone": 1, "email": 1}}


def test_a_text_that_is_no_text_is_said_with_its_line(tmp_path: Path, cli: Cli) -> None:
    done = cli.run("privacy", "mask", given=b"good\nbad \xff\n")
    assert done.returncode == 2
    assert "standard input, line 2: this line is not UTF-8" in done.stderr
    missing = cli.run("privacy", "mask", tmp_path / "none")
    assert missing.returncode == 2
    assert "no such file" in missing.stderr
