from __future__ import annotations

from tradewind.index.filters import Filters


def test_the_order_and_repetition_of_values_do_not_change_the_key() -> None:
    one = Filters({"brand": ("A", "B"), "category": ("X",), "colour": ()}, price_min=1)
    other = Filters({"category": ("X",), "brand": ("B", "A", "A")}, price_min=1.0)
    assert one.key() == other.key()
    assert hash(one) == hash(other)


def test_filters_with_another_meaning_have_another_key() -> None:
    kinds = [Filters(), Filters(price_min=1), Filters(price_max=1), Filters(in_stock=True), Filters({"brand": ("1",)})]
    assert len({each.key() for each in kinds}) == len(kinds)


def test_empty_filters_are_false() -> None:
    assert not Filters({"brand": ()})
    assert Filters(price_max=0.0)
