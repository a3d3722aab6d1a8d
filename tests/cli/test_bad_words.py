"""What the command line says to a wrong word: one message with a place and a remedy, code 2, never a stack trace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).with_name("tradewind"))
SHOP = "shop: s\nitems: {source: {path: items.csv}, id: id, title: title, price: price}\n"
EVENTS = "events: [{source: {path: events.csv}, type: '=purchase', time: time, item: item, user: user}]\n"
ITEMS = "id,title,price\n1,tea,2\n"


def _run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([COMMAND, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def _shop(folder: Path, *, yaml: str = SHOP, items: bytes | str = ITEMS, events: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "shop.yaml").write_text(yaml + (EVENTS if events else ""), encoding="utf-8")
    (folder / "items.csv").write_bytes(items.encode() if isinstance(items, str) else items)
    if events:
        (folder / "events.csv").write_text(events, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("shop: s\nitmes: {}\n", "items"),
        (SHOP + "learn: {efort: quick}\n", "effort"),
        (SHOP + "serve: {port: many}\n", "serve.port"),
        (SHOP + "learn: {match: {learning_rate: 1e-4x}}\n", "learn.match.learning_rate"),
        ("shop: [", "not valid YAML"),
    ],
)
def test_a_wrong_setting_is_named_with_the_nearest_right_one(tmp_path: Path, yaml: str, said: str) -> None:
    done = _run("ingest", _shop(tmp_path / "s", yaml=yaml))
    assert done.returncode == 2
    assert "shop.yaml" in done.stderr
    assert said in done.stderr


def test_a_number_that_yaml_reads_as_text_is_taken_as_the_number(tmp_path: Path) -> None:
    shop = _shop(tmp_path / "s", yaml=SHOP + "learn: {match: {learning_rate: 1e-4}}\n")
    assert _run("ingest", shop).returncode == 0


def test_a_missing_column_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    done = _run("ingest", _shop(tmp_path / "s", items="id,tittle,price\n1,tea,2\n"))
    assert done.returncode == 2
    assert "title" in done.stderr
    assert "tittle" in done.stderr


def test_bad_rows_are_counted_and_listed_and_the_rest_is_kept(tmp_path: Path) -> None:
    rows = b"id,title,price\n1,tea,2\n2,cup,abc\n3,pot,-1\n1,again,3\n4,caf\xff,1\n5,,1\n6,jug,4\n"
    events = "time,item,user\n2026-01-01,1,u\n2099-01-01,1,u\n2026-01-01,nine,u\n"
    shop = _shop(tmp_path / "s", items=rows, events=events)
    done = _run("ingest", shop)
    assert done.returncode == 0, done.stderr
    assert "7 read = 2 stored + 0 there already + 5 in quarantine" in done.stderr
    assert "3 read = 1 stored + 0 there already + 2 in quarantine" in done.stderr
    listed = (shop / ".tradewind/quarantine/items.jsonl").read_text(encoding="utf-8")
    assert listed.count("\n") == 5
    assert "items.csv" in listed


@pytest.mark.parametrize(
    "words",
    [
        ["search", "tea", "--shop", "NOWHERE"],
        ["up", "NOWHERE"],
        ["serve", "NOWHERE"],
        ["evaluate", "NOWHERE"],
        ["recommend", "for-you", "--shop", "NOWHERE"],
        ["models", "show", "generation/shop", "--shop", "NOWHERE"],
    ],
)
def test_a_shop_that_is_not_there_is_said_with_what_to_do(tmp_path: Path, words: list[str]) -> None:
    done = _run(*[word.replace("NOWHERE", str(tmp_path / "none")) for word in words])
    assert done.returncode == 2
    assert "tradewind init" in done.stderr


def test_a_shop_that_was_not_built_says_how(tmp_path: Path) -> None:
    shop = _shop(tmp_path / "s")
    for words in (["search", "tea", "--shop", shop], ["serve", shop], ["evaluate", shop]):
        done = _run(*words)
        assert done.returncode == 2
        assert "tradewind up" in done.stderr


def test_a_busy_port_is_said_before_anything_is_built(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = _run("up", _shop(tmp_path / "s"), "--port", str(port))
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "[1/" not in done.stderr


def test_a_hub_model_on_a_machine_without_the_hub_names_the_packaged_ones(tmp_path: Path) -> None:
    shop = _shop(tmp_path / "s", yaml=SHOP + "encoder: {pretrained: 'hub:someone/some-model'}\n")
    done = _run("up", shop, "--until", "weights")
    assert done.returncode == 2
    assert "package:e5" in done.stderr


@pytest.mark.parametrize(
    "words", [["up", "s", "--again", "nothing"], ["train", "cooking", "s"], ["models", "show", "x"]]
)
def test_a_word_that_is_none_lists_the_right_ones(tmp_path: Path, words: list[str]) -> None:
    shop = _shop(tmp_path / "s")
    done = _run(*[str(shop) if word == "s" else word for word in words], *(["--shop", shop] if "show" in words else []))
    assert done.returncode == 2


def test_filters_on_the_command_line_are_explained_when_wrong(tmp_path: Path) -> None:
    from tradewind.cli.filters import parse_filters
    from tradewind.errors import RequestError

    filters = parse_filters(["brand:A", "brand:B", "price:2..10"])
    assert dict(filters.terms) == {"brand": ("A", "B")}
    assert (filters.price_min, filters.price_max) == (2.0, 10.0)
    for wrong in ("brand", ":x", "price:cheap"):
        with pytest.raises(RequestError):
            parse_filters([wrong])
