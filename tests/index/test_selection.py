from __future__ import annotations

import numpy as np

from tradewind.index.selection import Selection, SelectionCache


def chosen(*rows: int) -> Selection:
    return Selection(np.asarray(rows, dtype=np.int64), 6, np.asarray([0, 0, 1, 1, 2, 2], dtype=np.int32), 3)


def test_every_form_tells_the_same_rows() -> None:
    selection = chosen(0, 1, 4)
    assert selection.mask.tolist() == [True, True, False, False, True, False]
    assert selection.has_text.tolist() == [True, False, True]
    assert selection.texts.tolist() == [0, 2]


def test_a_selection_is_made_once_and_the_one_not_asked_for_longest_goes_first() -> None:
    cache, made = SelectionCache(limit_bytes=2 * (8 + 3 * 6)), list[str]()

    def get(key: str) -> Selection:
        return cache.get(key, lambda: (made.append(key), chosen(1))[1], 6)

    first = get("a")
    get("b")
    assert get("a") is first
    get("c")
    get("b")
    assert get("a") is not first
    assert made == ["a", "b", "c", "b", "a"]
