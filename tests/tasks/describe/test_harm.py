"""Unlawful superlatives, medical claims, insults and the like are found; plain product text is not."""

from __future__ import annotations

import pytest

from tradewind.tasks.describe.harm import harmful


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("全国第一的茶壶", {"superlative"}),
        ("最好的茶", {"superlative"}),
        ("国家级品质，顶级原料", {"superlative"}),
        ("The best teapot in the world", {"superlative"}),
        ("喝茶可以治疗失眠，降血压", {"medical"}),
        ("This tea cures colds and helps you lose weight", {"medical"}),
        ("Clinically proven to relieve pain", {"medical"}),
        ("Only an idiot buys another", {"insult"}),
        ("加微信：teashop88", {"contact"}),
        ("See https://example.org/offer", {"contact"}),
        ("假一赔十", {"promise"}),
    ],
)
def test_a_breach_is_found_with_its_kind(text: str, kinds: set[str]) -> None:
    assert {span.kind for span in harmful(text)} == kinds


@pytest.mark.parametrize(
    "text",
    [
        "最近上新的茶壶，最后一步加水。",
        "第一次使用前请清洗。",
        "Best before 2027. Best served hot.",
        "A nude shade of cotton socks.",
        "Assortment of grape and cockerel designs, Scunthorpe.",
        "",
    ],
)
def test_plain_text_is_let_through(text: str) -> None:
    assert harmful(text) == ()
