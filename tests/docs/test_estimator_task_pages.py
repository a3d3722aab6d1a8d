"""The guide's pages on tasks that are learned from a table: their lines of YAML and their rows do what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tradewind.data.examples import Examples, Fitting, read_examples
from tradewind.data.report import TableReport
from tradewind.flows.estimators import estimator_examples
from tradewind.settings import EstimatorSettings, Shop, parse_shop
from tradewind.tasks.estimators import estimator_task
from tradewind.training.recognise.options import RecogniseOptions, options_of

REASONS = (
    *("no_such_file", "outside_shop", "address_in_place_of_file", "too_large"),
    *("not_a_picture", "cut_short", "empty_file", "unreadable_file"),
)
GUIDE = Path(__file__).parents[2] / "docs/guide"
SHOP = {"shop": "tiny", "languages": ["zh", "en"], "events": []}
ITEMS = {"source": {"path": "items.csv"}, "id": "id", "title": "title"}


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (GUIDE / page).read_text(encoding="utf-8"), re.S)


def settings_of(page: str) -> tuple[str, EstimatorSettings, dict[str, Any]]:
    said = yaml.safe_load(blocks(page, "yaml")[0])
    ((name, given),) = said["learn"]["estimators"].items()
    return name, EstimatorSettings.model_validate(given), said


def read(page: str, rows: str, folder: Path) -> tuple[Examples, TableReport]:
    name, settings, said = settings_of(page)
    shop = Shop(parse_shop(yaml.safe_dump(SHOP | {"items": ITEMS} | said).encode(), where=page), folder)
    (folder / str(settings.examples.source.path)).write_text(rows, encoding="utf-8")
    task = estimator_task(settings.task)
    fitting = Fitting(getattr(task, "fit", None), getattr(task, "unfit", None))
    return read_examples(shop, name, settings.examples, task.parse, fitting)


@pytest.mark.parametrize("page", ["classify.md", "rating.md", "tag.md", "rank.md", "recognise.md"])
def test_the_lines_of_the_page_name_its_task_and_its_commands(page: str) -> None:
    name, settings, _ = settings_of(page)
    assert settings.task == {"classify.md": "category"}.get(page, page.removesuffix(".md"))
    train, predict = blocks(page, "sh")[0].splitlines()
    assert train == f"tradewind train {name} shop"
    assert predict.startswith(f"tradewind predict {name} ")


@pytest.mark.parametrize(("page", "target"), [("classify.md", ("厨房 Kitchen", "茶具 Teaware")), ("rating.md", 5)])
def test_the_rows_of_the_page_are_examples(page: str, target: Any, tmp_path: Path) -> None:
    examples, report = read(page, blocks(page, "csv")[0], tmp_path)
    assert report.quarantined == 0
    assert examples.targets[0] == target


def test_the_three_ways_to_mark_entities_say_the_same(tmp_path: Path) -> None:
    (rows,) = [block for block in blocks("tag.md", "text") if block.startswith("{")]
    examples, report = read("tag.md", rows, tmp_path)
    assert report.quarantined == 0
    named = [
        [(text[one.start : one.end], one.kind) for one in found]
        for text, found in zip(examples.texts, examples.targets, strict=True)
    ]
    assert named == [[("美的", "brand"), ("电饭煲", "product")]] * 3
    assert examples.texts == ["美的电饭煲 3L", "美的电饭煲 3L", "美的电饭煲"]


def test_the_bodies_of_the_rank_page_are_taken() -> None:
    from tradewind.service.schemas.predict import PredictIn

    text = (GUIDE / "rank.md").read_text(encoding="utf-8")
    (body,) = re.findall(r'`(\{"query": [^`]*\})`', text)
    assert len(PredictIn.model_validate(json.loads(body)).inputs()) == 1


def test_the_table_of_the_page_on_pictures_names_files_that_are_learned(tmp_path: Path) -> None:
    name, settings, said = settings_of("recognise.md")
    shop = Shop(parse_shop(yaml.safe_dump(SHOP | {"items": ITEMS} | said).encode(), where=name), tmp_path)
    (tmp_path / "pictures").mkdir()
    for number, file in enumerate(("1.jpg", "2.png")):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "pictures" / file)
    (tmp_path / str(settings.examples.source.path)).write_text(blocks("recognise.md", "csv")[0], encoding="utf-8")
    examples, report = estimator_examples(shop, name)
    assert report.quarantined == 0
    assert examples.targets == [("Clothing", "Boots"), ("Clothing", "Hats")]


def test_what_else_the_page_on_pictures_says_is_taken(tmp_path: Path) -> None:
    _, settings, _ = settings_of("recognise.md")
    more = EstimatorSettings.model_validate(settings.model_dump() | yaml.safe_load(blocks("recognise.md", "yaml")[1]))
    assert set(options_of(more.options).model_fields_set) == set(RecogniseOptions.model_fields)
    told = (GUIDE / "recognise.md").read_text(encoding="utf-8")
    assert {f"`{reason}`" for reason in REASONS} <= set(re.findall(r"`[a-z_]+`", told))


def test_every_page_stands_in_the_guides_index() -> None:
    listed = set(re.findall(r"\]\(([^)]+\.md)\)", (GUIDE / "README.md").read_text(encoding="utf-8")))
    assert {page.name for page in GUIDE.glob("*.md")} - {"README.md"} == listed
