from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.index.analysis import Analyser
from tradewind.index.suggest import KEY_BYTES, Completer, Completion, Ranked, typed, write_completions
from tradewind.index.suggest_build import word_keys

TEXTS = ["Frozen Pizza", "Pizza cutter", "洗发水", "清爽洗发水", "Crème brûlée", "x" * 100, "水" * 60]


@pytest.fixture(scope="module")
def completer(tmp_path_factory: pytest.TempPathFactory) -> Completer:
    folder, analyser = tmp_path_factory.mktemp("completions"), Analyser()
    found = [Ranked(Completion(text, "item", at + 1), float(at % 3)) for at, text in enumerate(TEXTS)]
    write_completions(folder, found, [word_keys(text, analyser) for text in TEXTS])
    return Completer(folder)


@settings(deadline=None)
@given(
    st.one_of(st.sampled_from(["p", "fro", "洗", "水", "creme b", "x" * 70, "水" * 30]), st.text(max_size=8)),
    st.integers(1, 9),
)
def test_a_prefix_of_any_word_is_completed_best_first(completer: Completer, prefix: str, k: int) -> None:
    analyser, wanted = Analyser(), typed(prefix).encode()[:KEY_BYTES]
    reached = [
        at
        for at, text in enumerate(TEXTS)
        if wanted and any(key.startswith(wanted) for key in word_keys(text, analyser))
    ]
    expected = sorted(reached, key=lambda at: (-(at % 3), at))[:k]
    assert [at for at, _ in completer.complete(typed(prefix), k)] == expected


def test_nothing_to_offer_offers_nothing(tmp_path: Path) -> None:
    write_completions(tmp_path, [], [])
    assert Completer(tmp_path).complete("a", 5) == []
