"""Labels come from the right level, never stand in the text, and no kind of product is on two sides of the split."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.tasks.classify import LabelledTexts, balanced, group_split, labelled_texts


def _rows(levels: int) -> list[dict[str, object]]:
    kinds = {"dairy": ["milk", "cheese", "yogurt"], "bakery": ["bread", "rolls"]}
    return [
        {
            "id": f"{kind}{size}",
            "title": f"{kind}, {size} oz",
            "category": " > ".join(["grocery", label, kind][:levels]),
            "attributes": {"colour": "white", "store": label},
        }
        for label, names in kinds.items()
        for kind in names
        for size in (1, 2)
    ]


@pytest.mark.parametrize("levels", [2, 3])
def test_the_label_is_the_lowest_level_that_has_several_kinds(levels: int, make_items: Callable[..., pa.Table]) -> None:
    found = labelled_texts(make_items(_rows(levels)), "category")
    assert set(found.labels) == {"dairy", "bakery"}
    assert len(set(found.groups)) == 5 and len(found) == 10


def test_the_label_is_not_in_the_text(make_items: Callable[..., pa.Table]) -> None:
    found = labelled_texts(make_items(_rows(2)), "store")
    assert set(found.labels) == {"dairy", "bakery"}
    assert all("dairy" not in text and "bakery" not in text and "white" in text for text in found.texts)


def test_one_class_is_refused(make_items: Callable[..., pa.Table]) -> None:
    with pytest.raises(DataError, match="fewer than two classes"):
        labelled_texts(make_items(_rows(2)), "colour")
    with pytest.raises(DataError, match="fewer than two classes"):
        labelled_texts(make_items(_rows(2)), "absent")


@given(sizes=st.lists(st.integers(1, 6), min_size=3, max_size=12), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_no_group_is_on_two_sides_and_every_tested_label_is_learned(sizes: list[int], seed: int) -> None:
    groups = [f"label{label} / kind{label}-{kind}" for label, kinds in enumerate(sizes) for kind in range(kinds)]
    rows = [group for group in groups for _ in range(3)]
    found = LabelledTexts(
        tuple(f"{row} {n}" for n, row in enumerate(rows)), tuple(row.split(" / ")[0] for row in rows), tuple(rows)
    )
    try:
        split = group_split(found, seed=seed)
    except DataError:
        return
    sides = [set(side.groups) for side in (split.train, split.validation, split.test)]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    assert set(split.validation.labels) | set(split.test.labels) <= set(split.labels)
    assert set(split.labels) == set(found.labels)
    assert len(split.train) + len(split.validation) + len(split.test) == len(found)


def test_a_smaller_set_takes_from_every_group_in_turn() -> None:
    groups = ("big",) * 90 + ("small",) * 5
    found = LabelledTexts(tuple(str(n) for n in range(95)), groups, groups)
    kept = balanced(found, 12, seed=1)
    assert kept.groups.count("small") == 5 and len(kept) == 12
    assert balanced(found, 500, seed=1) == found
    assert np.all(np.diff([int(text) for text in kept.texts]) > 0)
