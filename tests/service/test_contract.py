"""The OpenAPI document is pinned: a change of it is a change of the promise, and is made on purpose."""

from __future__ import annotations

import json
from pathlib import Path

from tradewind.service.contract import pinned

KEPT = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"


def test_the_document_is_the_pinned_one() -> None:
    again = "python -m tradewind.service.contract docs/reference/openapi.json"
    assert pinned() == KEPT.read_text("utf-8"), f"the contract changed; if that is meant: {again}"


def test_every_operation_is_described_and_says_how_it_fails() -> None:
    for path, found in json.loads(pinned())["paths"].items():
        for method, operation in found.items():
            assert operation.get("description"), f"{method} {path}"
            problem = operation["responses"]["default"]["content"]
            assert list(problem) == ["application/problem+json"]


def test_every_operation_under_v1_names_its_key() -> None:
    for path, found in json.loads(pinned())["paths"].items():
        for operation in found.values():
            assert any("ApiKey" in rule for rule in operation.get("security", [])) is path.startswith("/v1/")
