"""A tree of categories: probabilities multiply down a path, whatever its shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.errors import DataError
from tradewind.tasks.label_tree import class_log_probabilities, label_tree

PATHS = [("食品", "乳品", "牛奶"), ("食品", "乳品", "奶酪"), ("食品", "烘焙"), ("家居",)]
paths = st.lists(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=4).map(tuple), min_size=2, max_size=12, unique=True
)


def test_siblings_share_a_parent_and_nothing_else() -> None:
    tree = label_tree(PATHS)
    for one, first in enumerate(tree.nodes):
        for other, second in enumerate(tree.nodes):
            assert (tree.siblings[one] == tree.siblings[other]) == (first[:-1] == second[:-1])


@given(paths, st.integers(0, 99))
def test_probabilities_of_the_classes_sum_to_one_even_where_one_lies_above_another(
    found: list[tuple[str, ...]], seed: int
) -> None:
    tree = label_tree(found)
    outputs = np.random.default_rng(seed).normal(0, 3, (5, len(tree.nodes))).astype(np.float32)
    np.testing.assert_allclose(np.exp(class_log_probabilities(tree, outputs)).sum(axis=1), 1.0, rtol=1e-4)


def test_a_leaf_is_the_product_of_the_choices_on_its_path() -> None:
    tree = label_tree(PATHS)
    outputs = np.zeros((1, len(tree.nodes)), np.float32)
    probability = dict(zip(tree.classes, np.exp(class_log_probabilities(tree, outputs))[0], strict=True))
    assert probability[("家居",)] == pytest.approx(1 / 2)
    assert probability[("食品", "烘焙")] == pytest.approx(1 / 4)
    assert probability[("食品", "乳品", "牛奶")] == pytest.approx(1 / 8)


@pytest.mark.parametrize(("wrong", "message"), [([("a",)], "two classes"), ([("a", ""), ("b",)], "empty level")])
def test_paths_that_make_no_tree_are_an_error(wrong: list[tuple[str, ...]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        label_tree(wrong)
