"""Of an estimator's settings a tracker is told how it learns, and neither an address nor a word of the shop."""

from __future__ import annotations

from tradewind.flows.making import told_settings
from tradewind.settings import EstimatorSettings


def test_neither_addresses_nor_words_are_told() -> None:
    settings = EstimatorSettings.model_validate(
        {
            "task": "category",
            "examples": {
                "source": {"url": "postgresql://me:secret@db/shop", "query": "select 1"},
                "text": "secret",
                "target": "b",
            },
            "options": {"descriptions": {"Tea": "secret cups"}},
            "techniques": {"r_drop": 0.5, "synonyms": [["secret", "words"]]},
            "blocks": 2,
        }
    )
    told = told_settings(settings)
    assert told["techniques.r_drop"] == 0.5
    assert told["blocks"] == 2
    assert "secret" not in repr(told)
