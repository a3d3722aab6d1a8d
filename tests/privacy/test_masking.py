from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.privacy.masking import mask

PERSONAL = [
    ("call 13812345678 please", "call [phone] please"),
    ("电话138 1234 5678谢谢", "电话[phone]谢谢"),
    ("我的手机是138-1234-5678。", "我的手机是[phone]。"),
    ("+86 138 1234 5678", "[phone]"),
    ("+8613812345678", "[phone]"),
    ("008613812345678", "[phone]"),
    ("手机１３８１２３４５６７８", "手机[phone]"),
    ("+44 20 7946 0958", "[phone]"),
    ("+1 (415) 555-2671 now", "[phone] now"),
    ("(415) 555-2671", "[phone]"),
    ("415-555-2671", "[phone]"),
    ("+49 30 901820", "[phone]"),
    ("座机010-62781234", "座机[phone]"),
    ("mail ann.lee+shop@example.co.uk!", "mail [email]!"),
    ("邮箱abc@qq.com谢谢", "邮箱[email]谢谢"),
    ("abc＠qq．com", "[email]"),
    ("card 4111 1111 1111 1111 exp", "card [card] exp"),
    ("amex 3782 822463 10005", "amex [card]"),
    ("身份证11010519491231002X", "身份证[id]"),
    ("身份证 110105 19491231 002x", "身份证 [id]"),
]


@pytest.mark.parametrize(("text", "wanted"), PERSONAL)
def test_personal_numbers_are_replaced_by_their_kind(text: str, wanted: str) -> None:
    assert mask(text).text == wanted


@pytest.mark.parametrize(
    "text",
    [
        "shampoo 500ml 2 pack",
        "SKU 4006381333931",
        "EAN 6901234567892",
        "6901234567892",
        "订单号13812345678",
        "运单号：SF1234567890123",
        "order no. 13912345678",
        "order 4111111111111111",
        "Order #20260307123456789",
        "条码 13812345678",
        "iphone 15 pro max 256gb",
        "3.14159265358979",
        "100-200-300",
        "2017-01-01 11:53:26",
        "20170101 115326",
        "192.168.100.200",
        "型号SKU13812345678X",
        "product 12345678901234567890123",
        "110105194913310021",
        "4111111111111112",
        "价格1299元买2送1",
        "@handle",
        "a@b",
        "B07XJ8C8F5",
        "978-3-16-148410-0",
        "part 0123-456-789",
    ],
)
def test_numbers_that_only_look_personal_stay(text: str) -> None:
    assert mask(text).text == text
    assert not mask(text).counts


def test_several_kinds_are_counted() -> None:
    masked = mask("13812345678, 13912345678, ann@example.com, 4111111111111111, 11010519491231002X")
    assert masked.text == "[phone], [phone], [email], [card], [id]"
    assert masked.counts == {"phone": 2, "email": 1, "card": 1, "id": 1}


def test_masking_twice_changes_nothing_more() -> None:
    once = mask("13812345678 and ann@example.com").text
    assert mask(once).text == once


@given(st.text(max_size=300))
def test_any_text_can_be_masked_and_a_masked_text_stays(text: str) -> None:
    once = mask(text).text
    assert mask(once).text == once


@given(st.text(alphabet="0123456789@.-+ ()", max_size=120))
def test_a_text_of_nothing_but_digits_and_signs_is_masked_in_good_time(text: str) -> None:
    """Hypothesis ends an example that takes longer than its deadline."""
    masked = mask(text)
    assert bool(masked.counts) == (masked.text != text)


def _luhn(body: str) -> str:
    total = sum(d - 9 if d > 9 else d for d in (int(c) * (2 - place % 2) for place, c in enumerate(reversed(body))))
    return body + str(-total % 10)


def _identity(draw: random.Random) -> str:
    born = date(1950, 1, 1) + timedelta(days=draw.randrange(20_000))
    body = draw.choice(["110101", "310104", "440305", "510107"]) + f"{born:%Y%m%d}" + f"{draw.randrange(1000):03d}"
    total = sum(pow(2, 17 - place, 11) * int(digit) for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]


def _personal(draw: random.Random) -> str:
    kind = draw.randrange(4)
    if kind == 0:
        return f"1{draw.choice('3456789')}{draw.randrange(10**9):09d}"
    if kind == 1:
        return _identity(draw)
    if kind == 2:
        return _luhn(draw.choice(["62", "41", "52"]) + "".join(draw.choices("0123456789", k=13)))
    return f"user{draw.randrange(10**6)}@mail{draw.randrange(100)}.com"


def _harmless(draw: random.Random) -> str:
    kind = draw.randrange(5)
    if kind == 0:
        body = "69" + "".join(draw.choices("0123456789", k=10))
        return body + str(-sum(int(d) * (3 if place % 2 else 1) for place, d in enumerate(body)) % 10)
    if kind == 1:
        return "SKU" + "".join(draw.choices("0123456789", k=draw.randrange(6, 14)))
    if kind == 2:
        return f"2026{draw.randrange(10**14):014d}"
    if kind == 3:
        return "SF" + "".join(draw.choices("0123456789", k=13))
    return "".join(draw.choices("0123456789", k=draw.choice([4, 6, 8, 10, 12, 20])))


SENTENCES = ["请联系{}谢谢", "contact {} please", "{}", "我是老客户，{}，要发票", "ref {} urgent"]


def test_of_five_thousand_personal_numbers_at_least_99_percent_are_found() -> None:
    draw = random.Random(7)
    texts = [draw.choice(SENTENCES[:4]).format(_personal(draw)) for _ in range(5_000)]
    assert sum(bool(mask(text).counts) for text in texts) >= 0.99 * len(texts)


def test_of_five_thousand_harmless_numbers_at_most_2_percent_are_taken() -> None:
    draw = random.Random(8)
    texts = [draw.choice(SENTENCES).format(_harmless(draw)) for _ in range(5_000)]
    taken = [text for text in texts if mask(text).counts]
    assert len(taken) <= 0.02 * len(texts), taken[:10]
