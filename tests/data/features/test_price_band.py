from __future__ import annotations

from tradewind.data.features.price_band import price_bands
from tradewind.data.records import Item


def tea(price: float | None, currency: str = "EUR", category: tuple[str, ...] = ("Tea",)) -> Item:
    return Item("t", "Tea", category=category, price=price, currency=currency)


def test_a_price_is_judged_among_its_like() -> None:
    bands = price_bands([tea(p) for p in (1, 2, 3, 4, 5, 6, 7, 8, 9)])
    assert [bands.of(tea(price)) for price in (1, 5, 9)] == ["low", "middle", "high"]
    assert bands.of(tea(None)) is None


def test_too_few_prices_another_currency_and_another_category_have_no_band() -> None:
    bands = price_bands([*(tea(p) for p in (1, 2, 3)), *(tea(p, "USD") for p in range(10))])
    assert bands.of(tea(2)) is None and bands.of(tea(2, "USD")) == "low"
    assert bands.of(tea(2, "USD", ("Pots",))) is None
