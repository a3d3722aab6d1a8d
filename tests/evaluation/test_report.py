"""Tables, pages and claims say what they hold, and nothing in them can break out of the page."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from tradewind.evaluation.claims import Claim
from tradewind.evaluation.report import Page, Table, fact

ROWS = {"random": {"recall@20": 0.001}, "调优后": {"recall@20": 0.25}, "x": {}}
TABLE = Table("Recall", ("recall@20",), ROWS, "调优后", ("seed 13",))


def test_a_table_lines_up_its_columns_wide_characters_included() -> None:
    lines = TABLE.as_text().splitlines()
    assert lines[0] == "Recall"
    assert lines[3].endswith("0.0010") and lines[4].endswith("0.2500") and lines[5].endswith("–")
    assert len({len(line) + sum(ord(letter) > 0x2E80 for letter in line) for line in lines[1:6]}) == 1
    assert lines[-1] == "seed 13"


def test_a_page_stands_alone_and_escapes_what_it_is_given() -> None:
    page = Page("<b>", {"<script>": "a & b"}, [TABLE], ["<svg id='f'></svg>"]).as_html()
    assert "<script>" not in page and "&lt;script&gt;" in page and "a &amp; b" in page
    assert "http" not in page and "src=" not in page
    assert "<svg id='f'></svg>" in page and "class='ours'" in page
    HTMLParser().feed(page)


def test_a_claim_holds_by_its_ratio_and_is_plain_json() -> None:
    claim = Claim("recall", 0.12, 0.1, "recall@20", 1.2)
    told = json.loads(json.dumps(claim.as_json()))
    assert told["holds"] is claim.holds and told["wants"] == ">= 1.2"
    assert set(told) == {"claim", "ours", "peer", "ratio", "unit", "wants", "holds"}
    assert Claim("time", 4.0, 20.0, "ms", 0.2, "lower").holds
    assert not Claim("time", 5.0, 20.0, "ms", 0.2, "lower").holds
    assert json.dumps(Claim("from nothing", 1.0, 0.0, "x", 1.0).as_json())


def test_a_table_of_notes_alone_draws_no_empty_table() -> None:
    told = Table("Known limits", (), {}, notes=("tested on 46 rows",))
    assert "<table" not in told.as_html()
    assert told.as_text() == "Known limits\ntested on 46 rows"


def test_rows_that_are_no_methods_say_what_they_are() -> None:
    sliced = Table("By language", ("accuracy",), {"zh": {"accuracy": 0.5}}, down="language")
    assert "<th scope='col'>language</th>" in sliced.as_html()
    assert sliced.as_text().splitlines()[1].startswith("language")


def test_a_page_without_facts_has_no_heading_for_them() -> None:
    assert "How it was made" not in Page("A page", {}, ()).as_html()
    assert "How it was made" in Page("A page", {"seed": "13"}, ()).as_html()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"method": "lora", "options": {}, "at": {"processes": 1, "storage": None}}, "method lora, at processes 1"),
        ([], "–"),
        ([{"file": "a.jpg"}, {"file": "b.jpg"}], "file a.jpg; file b.jpg"),
        (None, "–"),
        (0, "0"),
    ],
)  # fmt: skip
def test_a_fact_reads_as_words_not_as_code(value: Any, said: str) -> None:
    assert fact(value) == said
